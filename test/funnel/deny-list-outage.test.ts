// Changes of the operator's rules while Redis is down, and changes that reach Redis in reverse order.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { registryOf } from "../../src/catalog/store.ts";
import { requireConfig } from "../../src/config/config.ts";
import { addAutomaticBlock } from "../../src/funnel/deny-list.ts";
import { givenClock } from "../support/clock.ts";
import { admin, contractFaults } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import {
  emptyRedis,
  KEYS,
  redis,
  redisIsBack,
  redisIsDown,
  redisRefusesWrites,
} from "../support/redis.ts";
import { aBuyer, suppressLiveStock, until } from "../support/shop.ts";
import { deny, denyPath } from "./rule-requests.ts";
import { aMoment, attempt, givenSale, noRules, rules } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(async () => {
  await emptyRedis();
  await noRules();
  suppressLiveStock();
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
    expect((await admin("DELETE", denyPath("user", mallory.id))).status).toBe(204);
    expect((await attempt(mallory, sale)).status).toBe(202);
  });

  test("still applies once Redis is back, even without requests during the outage", async () => {
    const { clock, sale, mallory } = await given();
    const reformed = await aBuyer();
    await deny("user", reformed.id);
    expect((await attempt(reformed, sale)).code).toBe("blocked");
    await redisIsDown();
    await deny("user", mallory.id);
    await admin("DELETE", denyPath("user", reformed.id));

    await redisIsBack();
    clock.moveTo(Date.now() + 5_000);
    expect((await attempt(mallory, sale)).code).toBe("blocked");
    expect((await attempt(reformed, sale)).status).toBe(202);
    await until("Redis has learned it", () => redis("HGET", KEYS.rules, `deny:user:${mallory.id}`));
  });

  test("added or removed elsewhere applies within five seconds and after Redis is back", async () => {
    const { clock, sale, mallory } = await given();
    const [rule, reformed] = [
      { effect: "deny", kind: "user", by: "operator", addedAt: "2026-12-01T09:00:00.000Z" },
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

  test("is listed, and the list says that automatic blocks may be missing", async () => {
    const mallory = await aBuyer();
    await deny("user", mallory.id);
    expect((await admin("GET", "/denylist")).body).not.toHaveProperty("incomplete");
    await redisIsDown();
    expect((await admin("GET", "/denylist")).body).toMatchObject({
      rules: [{ value: mallory.id, by: "operator" }],
      incomplete: true,
    });
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
    expect((await admin("DELETE", denyPath("user", id))).status).toBe(204);
    late.isReleased = true;
    expect((await put).status).toBe(200);
    expect(await inRedis(id)).toBeNull();
  });

  test("a rule removed and then added again is in force", async () => {
    const { id } = await aBuyer();
    await deny("user", id);
    const late = givenLateWrite(id);
    const lifted = admin("DELETE", denyPath("user", id));
    await until("the removal is on its way to Redis", () => late.isHeld);
    expect((await deny("user", id, { note: "again" })).status).toBe(200);
    late.isReleased = true;
    expect((await lifted).status).toBe(204);
    expect(await inRedis(id)).toContain("again");
  });
});
