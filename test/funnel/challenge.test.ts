// Challenges: who gets one, and how long and where a solved one counts.

import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import type { ProtectionSettings } from "../../src/catalog/protection.ts";
import { resetTurnstile } from "../../src/funnel/turnstile.ts";
import { givenClock } from "../support/clock.ts";
import { ADMIN_TOKEN, contractFaults, request } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  bought,
  givenLiveStock,
  ledger,
  onSale,
  suppressLiveStock,
  unique,
} from "../support/shop.ts";
import { aMoment, attempt, givenSale, visitPage } from "./scene.ts";
import { challengeOf, solve, verifications, withoutTurnstile } from "./turnstile.ts";

const always: ProtectionSettings = { challenge: { mode: "always" } };
const byScore: ProtectionSettings = { challenge: { mode: "by-score" } };

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(() => {
  suppressLiveStock();
  resetTurnstile();
});

describe("a sale's challenge mode", () => {
  test("off: challenges no one, however suspicious the attempt", async () => {
    const sale = await givenSale();
    const cf = { asn: 16_509, botManagement: { score: 1 } };
    expect((await attempt(await aBuyer(), sale, { cf })).status).toBe(202);
  });

  test("always: challenges everyone without a call to Redis, the object, or the provider", async () => {
    givenClock(aMoment());
    const sale = await givenSale(always);
    await givenLiveStock(sale.skuId, { available: 1_000 });
    await attempt(await aBuyer(), sale);
    const buyer = await aBuyer();
    const { calls } = (await ledger(sale.skuId)).activity;

    const [{ result, commands }, checks] = await verifications(() =>
      redisCost(() => attempt(buyer, sale)),
    );

    expect(contractFaults(result)).toEqual([]);
    expect(challengeOf(result).action).toBe("buy");
    expect([commands, checks]).toEqual([0, 0]);
    expect((await ledger(sale.skuId)).activity.calls).toBe(calls + 1);
  });

  test("by score: challenges a script in a hosting network, but not a person who visited the page", async () => {
    const clock = givenClock(aMoment());
    const sale = await givenSale(byScore);
    const cf = { asn: 16_509 };
    const seen = await visitPage(sale);
    clock.moveTo(Date.now() + 2_000);

    const script = await attempt(await aBuyer(), sale, { cf });
    const person = await attempt(await aBuyer(), sale, { ...seen, cf });

    challengeOf(script);
    expect(person.status).toBe(202);
    expect(await counted(`risk|hosting_network|${sale.saleId}`)).toBe(1);
  });
});

describe("the risk score", () => {
  /** Given a sale that challenges from `threshold` points, and a visit old enough for a person. */
  async function given(threshold: number) {
    const clock = givenClock(aMoment());
    const limits = { order: { user: { limit: 1, windowSeconds: 60 } } };
    const sale = await givenSale({ limits, challenge: { mode: "by-score", threshold } });
    const seen = await visitPage(sale);
    clock.moveTo(Date.now() + 2_000);
    return { clock, sale, seen };
  }

  test.each([
    [29, true],
    [30, false],
  ])("with Cloudflare's bot score %d, challenges: %s", async (score, isChallenged) => {
    const { sale, seen } = await given(1);
    const answer = await attempt(await aBuyer(), sale, {
      ...seen,
      cf: { botManagement: { score } },
    });
    expect(answer.code === "challenge_required").toBe(isChallenged);
    expect(await counted(`risk|bot_score|${sale.saleId}`)).toBe(isChallenged ? 1 : 0);
  });

  test("includes the user's earlier refusals, but not those of a neighbor", async () => {
    const { clock, sale, seen } = await given(10);
    const buyer = await aBuyer();
    const refused = [];
    for (let i = 0; i < 3; i += 1) refused.push((await attempt(buyer, sale, seen)).code);
    expect(refused).toEqual([undefined, "rate_limited", "rate_limited"]);
    clock.moveTo(Date.now() + 60_000);
    challengeOf(await attempt(buyer, sale, seen));
    expect(await counted(`risk|refused_before|${sale.saleId}`)).toBe(1);
    const neighbor = await visitPage(sale, seen.from);
    clock.moveTo(Date.now() + 2_000);
    expect((await attempt(await aBuyer(), sale, neighbor)).status).toBe(202);
  });

  test("includes a purchase faster than a person can make", async () => {
    const { sale } = await given(20);
    challengeOf(await attempt(await aBuyer(), sale, await visitPage(sale)));
    expect(await counted(`risk|hasty|${sale.saleId}`)).toBe(1);
  });
});

describe("a solved challenge", () => {
  test("is verified once and counts for the user's next attempts", async () => {
    const sale = await givenSale(always);
    const buyer = await aBuyer();
    const challenge = solve(challengeOf(await attempt(buyer, sale)));

    const [first, checks] = await verifications(() => attempt(buyer, sale, { challenge }));
    const [second, checksAgain] = await verifications(() => attempt(buyer, sale));

    expect([first.status, checks]).toEqual([202, 1]);
    expect([second.status, checksAgain]).toEqual([202, 0]);
    expect(await counted(`challenge|passed|${sale.saleId}`)).toBe(1);
  });

  test("counts for ten minutes and for one sale only", async () => {
    const start = aMoment();
    const clock = givenClock(start);
    const [sale, other] = [await givenSale(always), await givenSale(always)];
    const buyer = await aBuyer();
    const challenge = solve(challengeOf(await attempt(buyer, sale)));
    await attempt(buyer, sale, { challenge });

    challengeOf(await attempt(buyer, other));
    clock.moveTo(start + 600_000);
    expect((await attempt(buyer, sale)).status).toBe(202);
    clock.moveTo(start + 600_001);
    challengeOf(await attempt(buyer, sale));
  });

  test("counts for a retry in another isolate, but not for another sale or user", async () => {
    const start = aMoment();
    const clock = givenClock(start);
    const [sale, other] = [await givenSale(always), await givenSale(always)];
    const buyer = await aBuyer();
    const required = challengeOf(await attempt(buyer, sale));
    const challenge = solve(required);
    expect((await attempt(buyer, sale, { challenge })).status).toBe(202);
    clock.moveTo(start + 600_001); // as in another isolate, the passed challenge is not in memory

    challengeOf(await attempt(buyer, other, { challenge }));
    expect((await attempt(buyer, sale, { challenge })).status).toBe(202);
    challengeOf(await attempt(await aBuyer(), sale, { challenge }));
  });

  test("costs one verification, one Redis round trip, and one object call", async () => {
    givenClock(aMoment());
    const sale = await givenSale(always);
    const warm = await aBuyer();
    await attempt(warm, sale, { challenge: solve(challengeOf(await attempt(warm, sale))) });
    const buyer = await aBuyer();
    const challenge = solve(challengeOf(await attempt(buyer, sale)));
    const { calls } = (await ledger(sale.skuId)).activity;

    const [{ result, roundTrips }, checks] = await verifications(() =>
      redisCost(() => attempt(buyer, sale, { challenge })),
    );

    expect([result.status, roundTrips, checks]).toEqual([202, 1, 1]);
    expect((await ledger(sale.skuId)).activity.calls).toBe(calls + 2);
  });
});

test("refuses a sale with challenges if Turnstile is not configured", async () => {
  const sale = { ...aSale(), protection: always };
  const put = (env: object) => {
    const path = `/api/admin/sales/${sale.id}`;
    const sent = request("PUT", path, { token: ADMIN_TOKEN, body: sale });
    return app.fetch(sent, env, createExecutionContext());
  };

  const refused = await put(withoutTurnstile());

  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    code: "invalid_request",
    issues: [{ path: "protection.challenge.mode" }],
  });
  expect((await put({ ...withoutTurnstile(), TURNSTILE_SITE_KEY: "only this" })).status).toBe(400);
  expect((await put(env)).status).toBe(201);
});

test("accepts an order without a challenge if Turnstile is not configured", async () => {
  const skuId = await onSale();
  const buyer = await aBuyer();
  expect((await bought(buyer, skuId, { key: unique("key") })).status).toBe("reserved");
});
