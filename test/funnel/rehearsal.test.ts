// Rehearsals of a deployment: what synthetic people can do, what their credential never opens, and who else stays out.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeGrant, signPerson } from "../../src/admission/rehearsal.ts";
import { app } from "../../src/app.ts";
import { keyedHash } from "../../src/funnel/caller.ts";
import { resetTurnstile } from "../../src/funnel/turnstile.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults, request, SIGNING_SECRET } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost } from "../support/redis.ts";
import { aSynthetic, givenRehearsal } from "../support/rehearsal.ts";
import {
  aBuyer,
  aSku,
  bought,
  ledger,
  onSale,
  order,
  showOrder,
  suppressLiveStock,
  tally,
  tokenFor,
} from "../support/shop.ts";
import { aMoment, anAddress, attempt, givenSale, noRules, visitPage } from "./scene.ts";
import { challengeOf } from "./turnstile.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(() => {
  suppressLiveStock();
  resetTurnstile();
});

const MINUTE_MS = 60_000;
const limits = (ip: number, user: number) => {
  const policy = (limit: number) =>
    ({ algorithm: "fixed-window", limit, windowSeconds: 60 }) as const;
  const both = { ip: policy(ip), user: policy(user) };
  return { order: both, change: both };
};
const protection = (changes: object) => ({
  limits: limits(1_000, 20),
  challenge: { mode: "off", threshold: 50, whenDown: "open" } as const,
  autoBlock: { limitRefusals: 100, failedChallenges: 5, ignoredChallenges: 20, blockSeconds: 900 },
  ...changes,
});

describe("a synthetic person", () => {
  test("buys, reads, and lists orders in the rehearsal", async () => {
    const rehearsal = await givenRehearsal();
    const person = aSynthetic(rehearsal);
    const { id } = await bought(person, rehearsal.skuId);
    expect((await showOrder(person, id)).status).toBe(200);
    expect((await showOrder(aSynthetic(rehearsal), id)).code).toBe("not_found");
    const { body } = await call("GET", "/api/session", { token: person.token });
    expect(body).toEqual({ user: { id: person.id } });
  });

  test("meets the limits of a person, and those of the address that the operator gave them", async () => {
    givenClock(aMoment());
    const rehearsal = await givenRehearsal({
      skus: [aSku({ stock: 1_000, perUserLimit: 100 })],
      protection: protection({ limits: limits(3, 2) }),
    });
    const one = aSynthetic(rehearsal, { address: "198.18.0.9" });
    const other = aSynthetic(rehearsal, { address: "198.18.0.9" });
    const elsewhere = aSynthetic(rehearsal, { address: "198.19.0.9" });
    const attempts = [one, one, one, other, other, elsewhere];
    const codes: string[] = [];
    for (const person of attempts) {
      const { status, code } = await attempt(person, rehearsal, { from: "203.0.113.50" });
      codes.push(code ?? String(status));
    }
    expect(codes).toEqual(["202", "202", "rate_limited", "202", "rate_limited", "202"]);
  });

  test("uses up no limit of the real people at that address, whose hash is stored like any other", async () => {
    givenClock(aMoment());
    const address = anAddress();
    const settings = protection({ limits: limits(2, 2) });
    const rehearsal = await givenRehearsal({ protection: settings });
    const sale = await givenSale({ limits: limits(2, 2) });
    for (let n = 0; n < 4; n += 1) await attempt(aSynthetic(rehearsal, { address }), rehearsal);
    expect((await attempt(await aBuyer(), sale, { from: address })).status).toBe(202);

    const keys = await redis<string[]>("KEYS", `${KEYS.limit}:*`);
    const hash = keyedHash(`ip:${rehearsal.saleId}|${address}`, SIGNING_SECRET);
    expect(keys.some((key) => key.includes(hash))).toBe(true);
    expect(keys.filter((key) => key.includes(address))).toEqual([]);
  });

  test("solves a challenge only if the operator signed that", async () => {
    const challenge = { mode: "always", threshold: 50, whenDown: "closed" } as const;
    const rehearsal = await givenRehearsal({ protection: protection({ challenge }) });
    challengeOf(await attempt(aSynthetic(rehearsal), rehearsal));
    const solved = aSynthetic(rehearsal, { hasSolved: true });
    expect((await attempt(solved, rehearsal)).status).toBe(202);
  });

  test("makes no farm of the operator's address", async () => {
    const challenge = { mode: "by-score", threshold: 50, whenDown: "open" } as const;
    const rehearsal = await givenRehearsal({ skus: [aSku({ stock: 1_000 })] });
    const sale = await givenSale({ challenge });
    const { from, visit } = await visitPage(sale);
    for (let n = 0; n < 120; n += 1) await attempt(aSynthetic(rehearsal), rehearsal, { from });
    // So many real accounts at one address would be enough for a challenge.
    expect((await attempt(await aBuyer(), sale, { from, visit })).status).toBe(202);
  });

  test("fills no list of blocks, which real sales share", async () => {
    givenClock(aMoment());
    await noRules();
    const blocks = {
      limitRefusals: 2,
      failedChallenges: 5,
      ignoredChallenges: 20,
      blockSeconds: 900,
    };
    const rehearsal = await givenRehearsal({
      protection: protection({ limits: limits(1_000, 1), autoBlock: blocks }),
    });
    const person = aSynthetic(rehearsal);
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 6; n += 1) codes.push((await attempt(person, rehearsal)).code);
    expect(codes.slice(1)).toEqual(Array(5).fill("rate_limited"));
    expect((await admin("GET", "/denylist")).body).toMatchObject({ rules: [] });
  });

  test("does not escape a rule about the address that the request really comes from", async () => {
    await noRules();
    const from = anAddress();
    const rehearsal = await givenRehearsal();
    await admin("PUT", `/denylist/ip/${from}`);
    const answer = await attempt(aSynthetic(rehearsal), rehearsal, { from });
    expect(answer.code).toBe("blocked");
    await noRules();
  });
});

describe("the credential of a rehearsal", () => {
  test("buys nothing in a real sale, and in no other rehearsal", async () => {
    const rehearsal = await givenRehearsal();
    const other = await givenRehearsal();
    const person = aSynthetic(rehearsal);
    const real = await onSale();
    for (const skuId of [real, other.skuId]) {
      const answer = await order(person, skuId);
      expect(answer).toMatchObject({ status: 403, code: "forbidden" });
      expect(contractFaults(answer)).toEqual([]);
      expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
    }
  });

  test("pays, cancels, and reads no order of another sale", async () => {
    const skuId = await onSale({ price: 500 });
    const buyer = await aBuyer();
    const { id } = await bought(buyer, skuId);
    const { token } = aSynthetic(await givenRehearsal());
    const answers = await Promise.all([
      call("GET", `/api/orders/${id}`, { token }),
      call("GET", `/api/orders/${id}/payment`, { token }),
      call("POST", `/api/orders/${id}/payment`, { token, body: { paymentToken: "tok_ok" } }),
      call("DELETE", `/api/orders/${id}`, { token }),
    ]);
    expect(tally(answers)).toEqual({ not_found: 2, forbidden: 2 });
    expect((await showOrder(buyer, id)).body).toMatchObject({ status: "reserved" });
  });

  test("joins no other line", async () => {
    const { token } = aSynthetic(await givenRehearsal());
    const admission = { mode: "queue", ratePerSecond: 5 } as const;
    const { saleId } = await givenSale({}, {}, { admission });
    const answer = await call("POST", `/api/sales/${saleId}/tickets`, { token });
    expect(answer).toMatchObject({ status: 403, code: "forbidden" });
  });

  test("opens nothing of the operator's", async () => {
    const rehearsal = await givenRehearsal();
    const { token } = aSynthetic(rehearsal);
    for (const given of [token, rehearsal.grant]) {
      const path = `/api/admin/sales/${rehearsal.saleId}`;
      expect((await call("GET", path, { token: given })).status).toBe(401);
      const more = await call("POST", `${path}/rehearsal-grants`, { token: given, body: {} });
      expect(more.status).toBe(401);
    }
  });

  test("is no session of a browser", async () => {
    const { token } = aSynthetic(await givenRehearsal());
    const headers = { cookie: `session=${token}` };
    expect((await call("GET", "/api/session", { headers })).body).toEqual({ user: null });
  });

  test("ends with its hour, and with its rehearsal", async () => {
    const clock = givenClock(aMoment());
    const rehearsal = await givenRehearsal();
    const person = aSynthetic(rehearsal);
    await bought(person, rehearsal.skuId, { key: "first" });
    clock.moveTo(Date.now() + 61 * MINUTE_MS);
    // The sale is over, and a repeated request is no way in again.
    const late = await order(person, rehearsal.skuId, { key: "first" });
    expect(late).toMatchObject({ status: 401, code: "unauthenticated" });

    const next = await givenRehearsal();
    const replayer = aSynthetic(next);
    const { id } = await bought(replayer, next.skuId, { key: "first" });
    expect((await admin("DELETE", `/sales/${next.saleId}`)).status).toBe(204);
    clock.moveTo(Date.now() + MINUTE_MS);
    expect((await order(replayer, next.skuId, { key: "first" })).status).toBeGreaterThan(400);
    expect((await showOrder(replayer, id)).status).toBe(401);
  });

  test("is worth nothing for a sale that is no rehearsal, even with a key that the server would make", async () => {
    const { saleId, skuId } = await givenSale();
    const expiresAt = Math.floor(Date.now() / 1_000) + 600;
    const grant = makeGrant(SIGNING_SECRET, { saleId, expiresAt, id: "00000000" });
    const answer = await order(aSynthetic({ saleId, grant }), skuId);
    expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(contractFaults(answer)).toEqual([]);
  });

  test("is refused where the secret is another one or missing", async () => {
    const rehearsal = await givenRehearsal();
    const { token } = aSynthetic(rehearsal);
    const readSession = async (changes: object) => {
      const context = createExecutionContext();
      const response = await app.fetch(
        request("GET", "/api/session", { token }),
        { ...env, ...changes },
        context,
      );
      return { status: response.status, body: await response.json() };
    };
    const other = { SIGNING_SECRET: "another-signing-secret-of-32-characters" };
    expect(await readSession(other)).toMatchObject({ status: 200, body: { user: null } });
    for (const SIGNING_SECRET of ["", undefined]) {
      expect((await readSession({ SIGNING_SECRET })).status).toBe(503);
    }
  });

  test("costs no Redis command while it is checked", async () => {
    givenClock(aMoment());
    const rehearsal = await givenRehearsal();
    const { token } = aSynthetic(rehearsal);
    const session = () => call("GET", "/api/session", { token });
    await session();
    expect((await redisCost(session)).commands).toBe(0);
  });
});

describe("everyone else", () => {
  test("cannot buy in a rehearsal or join its line", async () => {
    const rehearsal = await givenRehearsal({ admission: { mode: "queue", ratePerSecond: 5 } });
    const buyer = await aBuyer();
    expect(await order(buyer, rehearsal.skuId)).toMatchObject({ status: 403, code: "forbidden" });
    const path = `/api/sales/${rehearsal.saleId}/tickets`;
    const answer = await call("POST", path, { token: buyer.token });
    expect(answer).toMatchObject({ status: 403, code: "forbidden" });
  });

  test("cannot take the name of a synthetic person with a token of the shop's provider", async () => {
    const rehearsal = await givenRehearsal();
    const { id } = aSynthetic(rehearsal);
    const token = await tokenFor(id);
    expect((await order({ id, token }, rehearsal.skuId)).code).toBe("unauthenticated");
    expect((await call("GET", "/api/session", { token })).body).toEqual({ user: null });
  });

  test("cannot sign a person with what buyers get to see", async () => {
    const rehearsal = await givenRehearsal();
    const buyer = await aBuyer();
    const { visit } = await visitPage(rehearsal);
    const expiresAt = Math.floor(Date.now() / 1_000) + 600;
    for (const key of [visit, buyer.token, rehearsal.saleId]) {
      const grant = `${rehearsal.saleId}.${expiresAt}.00000000.${key.replaceAll(".", "_")}`;
      const token = signPerson(grant, { name: "x", address: "198.18.0.1", hasSolved: true });
      expect((await order({ id: "x", token }, rehearsal.skuId)).code).toBe("unauthenticated");
    }
  });
});
