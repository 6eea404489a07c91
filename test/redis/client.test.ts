// The Redis client: its circuit breaker and its time limits.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { redisBreakerState, resetRedisBreaker, withRedis } from "../../src/redis/client.ts";
import { givenClock } from "../support/clock.ts";
import { givenLimits } from "../support/limits.ts";
import {
  BUYERS_WAIT_MS,
  clearRedisFault,
  redisCost,
  redisIsBack,
  redisIsDown,
  redisIsSlow,
} from "../support/redis.ts";

const config = () => requireConfig(env);
const ping = (waiting: "redis" | "redis-background" = "redis") =>
  withRedis(config(), waiting, (r) => r.ping());

async function fail(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await expect(ping()).rejects.toThrow();
}

beforeEach(redisIsBack);

test("the breaker opens after five failures in a row, and Redis is not called", async () => {
  givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  expect(redisBreakerState()).toBe("open");

  await clearRedisFault();
  expect(await redisCost(() => fail(10))).toMatchObject({ roundTrips: 0 });
});

test("a success resets the count of failures", async () => {
  await redisIsDown();
  await fail(4);
  await clearRedisFault();
  expect(await ping()).toBe("PONG");
  await redisIsDown();
  await fail(4);
  expect(redisBreakerState()).toBe("closed");
});

test("after a pause one call probes while the others are rejected, and answers close the breaker", async () => {
  const clock = givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  await clearRedisFault();
  clock.moveTo(Date.now() + 3_000);

  const outcomes = await Promise.allSettled([ping(), ping(), ping()]);

  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  for (let i = 0; i < 7; i += 1) expect(await ping()).toBe("PONG");
  expect(redisBreakerState()).toBe("closed");
});

test("a failed probe opens the breaker again", async () => {
  const clock = givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  clock.moveTo(Date.now() + 3_000);
  await fail(1);
  await clearRedisFault();
  expect(await redisCost(() => fail(3))).toMatchObject({ roundTrips: 0 });
});

test("a canceled probe does not keep the breaker open forever", async () => {
  givenLimits("redis", { limitMs: BUYERS_WAIT_MS });
  const clock = givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  await clearRedisFault();
  clock.moveTo(Date.now() + 3_000);
  void withRedis(config(), "redis", () => new Promise(() => {}));
  await fail(1);

  clock.moveTo(Date.now() + 10_000);
  expect(await ping()).toBe("PONG");
});

test("a call fails at its time limit", async () => {
  await redisIsSlow(BUYERS_WAIT_MS + 300);
  await expect(ping()).rejects.toThrow(/abort|time/i);
});

test("slow answers open the breaker for buyers but not for the consumer", async () => {
  await redisIsSlow(BUYERS_WAIT_MS + 300);
  await Promise.all([1, 2, 3, 4, 5].map(() => fail(1)));
  expect(redisBreakerState()).toBe("open");
  expect(await ping("redis-background")).toBe("PONG");
});

test("strings are returned exactly as they were stored", async () => {
  resetRedisBreaker();
  for (const text of ["null", "1e3", "007", '{"a":1}', "", "❤ ", "true"]) {
    await withRedis(config(), "redis", async (redis) => {
      await redis.set("text", text);
      expect(await redis.get("text")).toBe(text);
    });
  }
});

test("setting back the clock does not keep the breaker open", async () => {
  const now = Date.now();
  const clock = givenClock(now);
  await redisIsDown();
  await fail(5);
  await clearRedisFault();
  await expect(ping()).rejects.toThrow();
  clock.moveTo(now - 3_600_000);
  expect(await ping()).toBe("PONG");
});
