// The operator's deny and allow lists, tested through the whole app.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { registryOf } from "../../src/catalog/store.ts";
import { requireConfig } from "../../src/config.ts";
import { addAutomaticBlock } from "../../src/funnel/deny-list.ts";
import { VERSION_FIELD } from "../../src/funnel/rule-copy.ts";
import worker from "../../src/index.ts";
import { givenClock } from "../support/clock.ts";
import { ADMIN_TOKEN, admin, contractFaults, ORIGIN, send } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import {
  emptyRedis,
  KEYS,
  redis,
  redisCost,
  redisIsBack,
  redisIsDown,
  redisRefusesWrites,
} from "../support/redis.ts";
import { aBuyer, ledger, suppressLiveStock, unique, until } from "../support/shop.ts";
import { type Attempt, aMoment, attempt, givenSale, noRules, rules } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(async () => {
  await emptyRedis();
  await noRules();
  suppressLiveStock();
});

const path = (kind: string, value: string) => `/denylist/${kind}/${encodeURIComponent(value)}`;
const deny = (kind: string, value: string, body?: object) =>
  admin("PUT", path(kind, value), body ? { body } : {});
const allow = (kind: string, value: string) =>
  admin("PUT", `/allowlist/${kind}/${encodeURIComponent(value)}`);

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

    expect((await admin("DELETE", path("user", mallory.id))).status).toBe(204);

    expect((await attempt(mallory, sale)).status).toBe(202);
    expect((await admin("DELETE", path("user", mallory.id))).status).toBe(404);
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
    await admin("DELETE", path("user", mallory.id));
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

describe("while Redis is down, a rule", () => {
  /** Given an isolate that has read the rules, before Redis goes down. The clock stands still. */
  async function given() {
    const clock = givenClock(aMoment());
    const closesAt = new Date(Date.now() + 36_000_000).toISOString();
    const sale = await givenSale({}, {}, { closesAt });
    const mallory = await aBuyer();
    await attempt(await aBuyer(), sale);
    return { clock, sale, mallory };
  }

  /** A change in another isolate, which this one does not notice at once. */
  const elsewhere = {
    put: (rule: object & { value: string }) =>
      registryOf(env).putRule(`deny:user:${rule.value}`, JSON.stringify(rule)),
    lift: (value: string) => registryOf(env).removeRule(`deny:user:${value}`),
  };

  test("can be added and removed, and applies in this isolate at once", async () => {
    const { sale, mallory } = await given();
    await redisIsDown();
    expect((await deny("user", mallory.id)).status).toBe(200);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect(await rules()).toMatchObject([{ value: mallory.id }]);
    expect((await admin("DELETE", path("user", mallory.id))).status).toBe(204);
    expect((await attempt(mallory, sale)).status).toBe(202);
  });

  test("still applies once Redis is back, even without requests during the outage", async () => {
    const { clock, sale, mallory } = await given();
    const reformed = await aBuyer();
    await deny("user", reformed.id);
    expect((await attempt(reformed, sale)).code).toBe("blocked");
    await redisIsDown();
    await deny("user", mallory.id);
    await admin("DELETE", path("user", reformed.id));

    await redisIsBack();
    clock.moveTo(Date.now() + 5_000);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect((await attempt(reformed, sale)).status).toBe(202);
    await until("Redis has learned it", () => redis("HGET", KEYS.rules, `deny:user:${mallory.id}`));
  });

  test("added or removed elsewhere applies within five seconds and after Redis is back", async () => {
    const { clock, sale, mallory } = await given();
    const [rule, reformed] = [
      { effect: "deny", kind: "user", by: "operator", addedAt: "" },
      await aBuyer(),
    ];
    await deny("user", reformed.id);
    expect((await attempt(reformed, sale)).code).toBe("blocked");
    await redisIsDown();
    await elsewhere.put({ ...rule, value: mallory.id });
    await elsewhere.lift(reformed.id);

    clock.moveTo(Date.now() + 5_000);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect((await attempt(reformed, sale)).status).toBe(202);

    await redisIsBack();
    clock.moveTo(Date.now() + 5_000);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    await until("Redis has learned it", () => redis("HGET", KEYS.rules, `deny:user:${mallory.id}`));
  });

  test("made by an automatic block stays in force", async () => {
    const { clock, sale, mallory } = await given();
    await addAutomaticBlock(requireConfig(env), mallory.id, 3_600, {});
    clock.moveTo(Date.now() + 5_000);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    await redisIsDown();
    clock.moveTo(Date.now() + 60_000);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
  });

  test("is not reported as done if Redis refuses the write but answers reads", async () => {
    redisRefusesWrites();
    const answer = await deny("user", "somebody");
    expect(answer).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining("registered") },
    });
    expect(contractFaults(answer)).toEqual([]);
  });
});

describe("with two changes of one rule that reach Redis in reverse order", () => {
  /** Holds back the first request to Redis about this user until `isReleased` is set. */
  function givenLateWrite(userId: string) {
    const state = { isHeld: false, isReleased: false };
    const send = globalThis.fetch;
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      if (!state.isHeld && String(init?.body).includes(`deny:user:${userId}`)) {
        state.isHeld = true;
        while (!state.isReleased) await scheduler.wait(5);
      }
      return send(input, init);
    });
    onTestFinished(() => spy.mockRestore());
    return state;
  }
  const inRedis = (userId: string) =>
    redis<string | null>("HGET", KEYS.rules, `deny:user:${userId}`);

  test("a rule added and then removed is removed", async () => {
    const { id } = await aBuyer();
    const late = givenLateWrite(id);
    const put = deny("user", id);
    await until("the rule is on its way to Redis", () => late.isHeld);
    expect((await admin("DELETE", path("user", id))).status).toBe(204);
    late.isReleased = true;
    expect((await put).status).toBe(200);
    expect(await inRedis(id)).toBeNull();
  });

  test("a rule removed and then added again is in force", async () => {
    const { id } = await aBuyer();
    await deny("user", id);
    const late = givenLateWrite(id);
    const lifted = admin("DELETE", path("user", id));
    await until("the removal is on its way to Redis", () => late.isHeld);
    expect((await deny("user", id, { note: "again" })).status).toBe(200);
    late.isReleased = true;
    expect((await lifted).status).toBe(204);
    expect(await inRedis(id)).toContain("again");
  });
});

describe("the operator's API", () => {
  test.each([".", "..", "%2e%2e", "a/../b", "what?", "#1", "100%", "a&b=c", "+ +"])(
    "adds and removes a rule for the user %j",
    async (name) => {
      const sale = await givenSale();
      const address = `/denylist/user?value=${encodeURIComponent(name)}`;
      const put = await admin("PUT", address);
      expect([put.status, put.body.value]).toEqual([200, name]);
      expect((await attempt(await aBuyer(name), sale)).code).toBe("blocked");
      expect((await admin("DELETE", address)).status).toBe(204);
      expect((await attempt(await aBuyer(name), sale)).status).toBe(202);
    },
  );

  test("denies the /64 of an IPv6 address, with a warning", async () => {
    const sale = await givenSale();
    const put = await deny("ip", "2001:db8:9:1::1");
    expect(put.body).toMatchObject({ value: "2001:db8:9:1::/64", warnings: [{ path: "value" }] });
    const from = (address: string) => ({ from: address });
    const [near, far] = [from("2001:db8:9:1:ffff::2"), from("2001:db8:9:2::1")];
    expect((await attempt(await aBuyer(), sale, near)).code).toBe("blocked");
    expect((await attempt(await aBuyer(), sale, far)).status).toBe(202);
    expect((await admin("DELETE", path("ip", "2001:db8:9:1::1"))).status).toBe(204);
    expect((await deny("ip", "2001:db8:9:1::1/128")).body).not.toHaveProperty("warnings");
    expect((await attempt(await aBuyer(), sale, near)).status).toBe(202);
  });

  test.each(["application/json", "application/json; charset=utf-8", "text/plain"])(
    "treats an empty body of type %s as no body",
    async (type) => {
      const answer = await send(
        new Request(`${ORIGIN}/api/admin${path("user", "somebody")}`, {
          method: "PUT",
          headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": type },
          body: new Blob([]).stream(),
        }),
      );
      expect(answer).toMatchObject({ status: 200, body: { value: "somebody" } });
    },
  );

  test("accepts a rule without a body, even with Content-Length: 0", async () => {
    const headers = { "content-length": "0" };
    expect((await admin("PUT", path("user", "somebody"), { headers })).status).toBe(200);
  });

  test.each([
    ["ip", "nowhere"],
    ["ip", "10.0.0.0/33"],
    ["ip", "010.0.0.1"],
    ["asn", "AS1"],
    ["country", "DEU"],
    ["user", "u".repeat(129)],
    ["shoe", "size-9"],
  ])("refuses %s %s and stores nothing", async (kind, value) => {
    const answer = await deny(kind, value);
    expect(answer.code).toBe("invalid_request");
    expect(contractFaults(answer)).toEqual([]);
    expect(await rules()).toEqual([]);
    expect((await admin("DELETE", path(kind, value))).status).toBe(404);
  });

  test.each([{ seconds: 0 }, { seconds: 1.5 }, { note: "n".repeat(501) }, { reason: "?" }])(
    "refuses the body %j",
    async (body) => {
      expect((await deny("user", "somebody", body)).code).toBe("invalid_request");
      expect(await rules()).toEqual([]);
    },
  );

  test("stores one rule for one network, however it is written", async () => {
    for (const value of ["198.51.100.9/24", "198.51.100.0/24"]) await deny("ip", value);
    expect(await rules()).toMatchObject([{ kind: "ip", value: "198.51.100.0/24" }]);
    expect((await admin("DELETE", path("ip", "198.51.100.77/24"))).status).toBe(204);
  });
});
