// The limits of a sale: who shares a limit, and what counting costs in Redis.

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keyedHash } from "../../src/funnel/caller.ts";
import { givenClock } from "../support/clock.ts";
import { admin, SIGNING_SECRET } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { pauseQueue } from "../support/queue.ts";
import {
  BUYERS_WAIT_MS,
  emptyRedis,
  KEYS,
  redis,
  redisCost,
  redisIsBack,
  redisIsSlow,
} from "../support/redis.ts";
import {
  aBuyer,
  buyers,
  givenLiveStock,
  ledger,
  suppressLiveStock,
  tally,
} from "../support/shop.ts";
import { LIMIT, limitOf, passed, START, WINDOW, WINDOW_SECONDS } from "./limit-helpers.ts";
import { anAddress, attempt, givenSale } from "./scene.ts";

/** Two limits, and the two commands that mark an order as under way. */
const COMMANDS = 4;

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(async () => {
  await redisIsBack();
  suppressLiveStock();
});

describe.each(["fixed-window", "sliding-window", "token-bucket"] as const)("%s", (algorithm) => {
  test("allows exactly the limit to simultaneous attempts, without more Redis commands than those need", async () => {
    givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf(algorithm) } } });
    const buyer = await aBuyer();
    await attempt(await aBuyer(), sale);

    const { result, commands } = await redisCost(() =>
      Promise.all(Array.from({ length: 40 }, () => attempt(buyer, sale))),
    );

    expect(tally(result)).toEqual({ 202: LIMIT, rate_limited: 40 - LIMIT });
    // For all the edge knows, a token bucket may refill once within a window.
    expect(commands).toBeLessThanOrEqual(COMMANDS * LIMIT * (algorithm === "token-bucket" ? 2 : 1));
  });

  test("counts both limits in one round trip, and refuses over a limit without one", async () => {
    givenClock(START);
    const limits = { ip: limitOf(algorithm, 100), user: limitOf(algorithm) };
    const sale = await givenSale({ limits: { order: limits } });
    const buyer = await aBuyer();
    await attempt(await aBuyer(), sale);

    for (let i = 0; i < LIMIT; i += 1) {
      const { result, ...cost } = await redisCost(() => attempt(buyer, sale));
      expect(result.status).toBe(202);
      expect(cost).toEqual({ roundTrips: 1, commands: COMMANDS });
    }
    await attempt(buyer, sale);
    const { result, ...cost } = await redisCost(() => attempt(buyer, sale));
    expect(result.code).toBe("rate_limited");
    expect(cost).toEqual({ roundTrips: 0, commands: 0 });
  });

  test("applies the counts in Redis in an isolate that has not seen the caller", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf(algorithm) } } });
    const buyer = await aBuyer();
    const policy = `order:user:${algorithm}:${LIMIT}:${WINDOW_SECONDS}`;
    const name = keyedHash(`user:${buyer.id}`, SIGNING_SECRET);
    const key = `${KEYS.limit}:${sale.saleId}:${policy}:${name}`;
    if (algorithm === "token-bucket") {
      await redis("HSET", key, "refilledAt", START, "tokens", 1);
    } else {
      await redis("SET", `${key}:${START / WINDOW}`, LIMIT - 1);
    }

    expect(await passed(buyer, sale, 2)).toBe(1);
    clock.moveTo(START + WINDOW - 1);
    expect(await passed(buyer, sale, 1)).toBe(0);
  });
});

test("an attempt costs one Redis round trip and one object call", async () => {
  givenClock(START);
  const sale = await givenSale();
  await givenLiveStock(sale.skuId, { available: 1_000 });
  await attempt(await aBuyer(), sale);
  const buyer = await aBuyer();
  const { calls } = (await ledger(sale.skuId)).activity;

  const { result, roundTrips, commands } = await redisCost(() => attempt(buyer, sale));

  expect([result.status, roundTrips, commands]).toEqual([202, 1, COMMANDS]);
  expect((await ledger(sale.skuId)).activity.calls).toBe(calls + 2); // the attempt's, and this one
});

test("a repeat within seconds marks no order that it cannot make, and another attempt does", async () => {
  givenClock(START);
  const sale = await givenSale({}, { perUserLimit: 2 });
  await givenLiveStock(sale.skuId, { available: 1_000 });
  await attempt(await aBuyer(), sale);
  const buyer = await aBuyer();
  const press = (key: string) => redisCost(() => attempt(buyer, sale, { key }));

  const first = await press("first");
  const again = await press("first");
  const other = await press("other");

  expect(again.result.body).toEqual(first.result.body);
  expect(other.result.status).toBe(202);
  const commands = [first, again, other].map((pressed) => pressed.commands);
  expect(commands).toEqual([COMMANDS, COMMANDS - 2, COMMANDS]);
});

test("accepts an attempt without Redis if it takes longer than 300 ms", async () => {
  const sale = await givenSale();
  await attempt(await aBuyer(), sale);
  const before = await counted("limits_degraded");
  await redisIsSlow(BUYERS_WAIT_MS + 20);
  expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  expect(await counted("limits_degraded")).toBe(before + 1);
});

test("ignores limits counted before the clock was set back", async () => {
  const clock = givenClock(START + 10 * WINDOW);
  const sale = await givenSale({ limits: { order: { user: limitOf("fixed-window") } } });
  const buyer = await aBuyer();
  expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  clock.moveTo(START);
  expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
});

describe("the limit of an address", () => {
  const limits = { ip: limitOf("fixed-window"), user: limitOf("fixed-window", 100) };

  test("counts all users at the address, and no others", async () => {
    givenClock(START);
    const sale = await givenSale({ limits: { order: limits } });
    const from = anAddress();
    for (const buyer of await buyers(LIMIT)) {
      expect((await attempt(buyer, sale, { from })).status).toBe(202);
    }

    const refused = await attempt(await aBuyer(), sale, { from });

    expect(refused.code).toBe("rate_limited");
    expect(refused.headers.get("ratelimit")).toMatch(/^"ip";r=0;/);
    expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  });

  test("covers the whole /64 of an IPv6 address", async () => {
    givenClock(START);
    const sale = await givenSale({ limits: { order: limits } });
    for (const [i, buyer] of (await buyers(LIMIT)).entries()) {
      const from = `2001:db8:1:2:${i}::${i + 1}`;
      expect((await attempt(buyer, sale, { from })).status).toBe(202);
    }

    const same = await attempt(await aBuyer(), sale, { from: "2001:0DB8:1:2:ffff::9" });
    const next = await attempt(await aBuyer(), sale, { from: "2001:db8:1:3::1" });

    expect([same.code, next.status]).toEqual(["rate_limited", 202]);
  });

  test("covers an IPv4 address in its IPv4-mapped form", async () => {
    givenClock(START);
    const sale = await givenSale({ limits: { order: limits } });
    for (const buyer of await buyers(LIMIT)) await attempt(buyer, sale, { from: "192.0.2.7" });

    const mapped = await attempt(await aBuyer(), sale, { from: "::ffff:192.0.2.7" });

    expect(mapped.code).toBe("rate_limited");
  });

  test("stores the address and the user only as keyed hashes", async () => {
    const sale = await givenSale({ limits: { order: limits } });
    const buyer = await aBuyer();
    await attempt(buyer, sale, { from: "192.0.2.99" });

    const keys = await redis<string[]>("KEYS", `${KEYS.limit}:${sale.saleId}:*`);

    expect(keys).toHaveLength(2);
    expect(keys.join()).not.toContain("192.0.2.99");
    expect(keys.join()).not.toContain(buyer.id);
    for (const key of keys) expect(await redis<number>("PTTL", key)).toBeGreaterThan(0);
  });

  test("does not use up a user's own limit when it is exceeded", async () => {
    givenClock(START);
    const sale = await givenSale({
      limits: { order: { ...limits, user: limitOf("fixed-window") } },
    });
    const [from, buyer] = [anAddress(), await aBuyer()];
    for (const other of await buyers(LIMIT)) await attempt(other, sale, { from });
    for (let i = 0; i < 2 * LIMIT; i += 1) await attempt(buyer, sale, { from });

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  });
});

test("50 people at one address can buy at the same time with default settings", async () => {
  const sale = await givenSale({}, { stock: 50, perUserLimit: 1 });
  const from = anAddress();

  const answers = await Promise.all(
    (await buyers(50)).map((buyer) => attempt(buyer, sale, { from })),
  );

  expect(tally(answers)).toEqual({ 202: 50 });
});

test("applies a changed policy at once, without a deploy", async () => {
  givenClock(START);
  const { saleId, skuId } = await givenSale({
    limits: { order: { user: limitOf("fixed-window", 1) } },
  });
  const buyer = await aBuyer();
  expect(await passed(buyer, { saleId, skuId }, 2)).toBe(1);

  const { body: sale } = await admin("GET", `/sales/${saleId}`);
  const protection = { limits: { order: { user: limitOf("token-bucket", 3) } } };
  await admin("PUT", `/sales/${saleId}`, { body: { ...sale, protection } });

  expect(await passed(buyer, { saleId, skuId }, 5)).toBe(3);
});
