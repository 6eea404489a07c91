// The operator's deny and allow rules, tested through the whole app.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { VERSION_FIELD } from "../../src/funnel/rule-copy.ts";
import worker from "../../src/index.ts";
import { givenClock } from "../support/clock.ts";
import { admin, contractFaults } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost, redisIsDown } from "../support/redis.ts";
import { aBuyer, ledger, suppressLiveStock, unique, until } from "../support/shop.ts";
import { allow, deny, denyPath } from "./rule-requests.ts";
import { type Attempt, aMoment, attempt, givenSale, noRules, rules } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(async () => {
  await emptyRedis();
  await noRules();
  suppressLiveStock();
});

describe("an operator's rule", () => {
  const cases: [kind: string, value: string, meant: Attempt, other: Attempt][] = [
    ["ip", "198.51.100.7", { from: "198.51.100.7" }, { from: "198.51.100.8" }],
    ["ip", "198.51.100.0/25", { from: "198.51.100.9" }, { from: "198.51.100.200" }],
    ["ip", "2001:db8:7::/48", { from: "2001:db8:7:1::1" }, { from: "2001:db8:8::1" }],
    ["asn", "64496", { cf: { asn: 64_496 } }, { cf: { asn: 64_497 } }],
    ["country", "xx", { cf: { country: "XX" } }, { cf: { country: "DE" } }],
  ];

  test.each(cases)("on %s %s blocks at once, and lets others buy", async (...given) => {
    const [kind, value, meant, other] = given;
    const sale = await givenSale();
    expect((await deny(kind, value)).status).toBe(200);

    const refused = await attempt(await aBuyer(), sale, meant);

    expect(refused).toMatchObject({ status: 403, code: "blocked" });
    expect(contractFaults(refused)).toEqual([]);
    expect((await attempt(await aBuyer(), sale, other)).status).toBe(202);
  });

  test("on a user blocks only that user, even with special characters in the id", async () => {
    const sale = await givenSale();
    const [mallory, ann] = [await aBuyer(`auth0|m/ü ${unique("m")}`), await aBuyer()];
    await deny("user", mallory.id, { note: "resells" });

    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect((await attempt(ann, sale)).status).toBe(202);
    expect(await rules()).toMatchObject([{ value: mallory.id, by: "operator", note: "resells" }]);
  });

  test("blocks a caller without a Redis command or an object call", async () => {
    givenClock(aMoment());
    const sale = await givenSale();
    const mallory = await aBuyer();
    await deny("user", mallory.id);
    await attempt(mallory, sale);
    const { calls } = (await ledger(sale.skuId)).activity;

    const { result, commands } = await redisCost(() => attempt(mallory, sale));

    expect([result.code, commands]).toEqual(["blocked", 0]);
    expect((await ledger(sale.skuId)).activity.calls).toBe(calls + 1);
  });

  test("ends at once when it is removed", async () => {
    const sale = await givenSale();
    const mallory = await aBuyer();
    await deny("user", mallory.id);
    expect((await attempt(mallory, sale)).code).toBe("blocked");

    expect((await admin("DELETE", denyPath("user", mallory.id))).status).toBe(204);

    expect((await attempt(mallory, sale)).status).toBe(202);
    expect((await admin("DELETE", denyPath("user", mallory.id))).status).toBe(404);
  });

  test("survives the loss of all data in Redis", async () => {
    const sale = await givenSale();
    const mallory = await aBuyer();
    await deny("user", mallory.id, { note: "resells" });
    await redis("FLUSHALL");

    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect(await rules()).toMatchObject([{ value: mallory.id, note: "resells" }]);
    await until("edges can read it in Redis again", async () => {
      return (await redis<string[]>("HKEYS", KEYS.rules)).length === 2;
    });
  });

  test("applies in an isolate that never read it while Redis is down", async () => {
    const start = aMoment();
    const clock = givenClock(start);
    const closesAt = new Date(start + 36_000_000).toISOString();
    const sale = await givenSale({}, {}, { closesAt });
    const mallory = await aBuyer();
    await attempt(await aBuyer(), sale);
    await deny("user", mallory.id); // also drops the rules held in memory
    clock.moveTo(start + 7_200_000); // the colo's copy is also too old
    await redisIsDown();
    expect((await attempt(await aBuyer(mallory.id), sale)).code).toBe("blocked");
  });

  test("stays removed even if a stale copy returns to Redis", async () => {
    const sale = await givenSale();
    const mallory = await aBuyer();
    await deny("user", mallory.id);
    const copy = await redis<string>("HGET", KEYS.rules, `deny:user:${mallory.id}`);
    await admin("DELETE", denyPath("user", mallory.id));
    await redis("HSET", KEYS.rules, `deny:user:${mallory.id}`, copy);
    await worker.scheduled(createScheduledController(), env);
    expect(await redis("HKEYS", KEYS.rules)).toEqual([VERSION_FIELD]);
    expect((await attempt(mallory, sale)).status).toBe(202);
  });

  test("expires to the millisecond and is then deleted", async () => {
    const start = aMoment();
    const clock = givenClock(start);
    const sale = await givenSale();
    const mallory = await aBuyer();
    await deny("user", mallory.id, { seconds: 60 });

    clock.moveTo(start + 59_999);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect(await rules()).toHaveLength(1);
    clock.moveTo(start + 60_000);
    expect((await attempt(mallory, sale)).status).toBe(202);
    expect(await rules()).toEqual([]);

    await worker.scheduled(createScheduledController(), env);
    expect(await redis("HKEYS", KEYS.rules)).toEqual([VERSION_FIELD]);
  });

  test("on the allow list overrides all deny rules, including those on the user's network", async () => {
    const sale = await givenSale();
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const [from, cf] = ["203.0.113.5", { asn: 64_496, country: "XX" }];
    await deny("ip", "203.0.113.0/24");
    await deny("asn", "64496");
    await deny("user", ann.id);
    await allow("user", ann.id);

    expect((await attempt(ann, sale, { from, cf })).status).toBe(202);
    expect((await attempt(bob, sale, { from, cf })).code).toBe("blocked");
    await allow("ip", from);
    expect((await attempt(bob, sale, { from, cf })).status).toBe(202);
    expect(await rules("allowlist")).toHaveLength(2);
  });

  test("stays in force while Redis is down", async () => {
    const clock = givenClock(aMoment());
    const sale = await givenSale();
    const mallory = await aBuyer();
    await deny("user", mallory.id);
    expect((await attempt(mallory, sale)).code).toBe("blocked");

    await redisIsDown();
    clock.moveTo(Date.now() + 60_000);

    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  });
});
