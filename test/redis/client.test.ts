// The breaker in front of Redis: after some failures it costs nobody a wait, and it finds its way back.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { requireConfig } from "../../src/config.ts";
import {
  BACKGROUND_LIMIT_MS,
  INTERACTIVE_LIMIT_MS,
  redisBreakerState,
  resetRedisBreaker,
  withRedis,
} from "../../src/redis/client.ts";
import { givenClock } from "../support/clock.ts";
import {
  clearRedisFault,
  redisCost,
  redisIsBack,
  redisIsDown,
  redisIsSlow,
} from "../support/redis.ts";

const config = () => requireConfig(env);
const ping = (limitMs = INTERACTIVE_LIMIT_MS) => withRedis(config(), limitMs, (r) => r.ping());

async function fail(times: number, limitMs?: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await expect(ping(limitMs)).rejects.toThrow();
}

beforeEach(redisIsBack);

test("it opens after five failures in a row, and then Redis is not asked at all", async () => {
  givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  expect(redisBreakerState()).toBe("open");

  await clearRedisFault();
  expect(await redisCost(() => fail(10))).toMatchObject({ roundTrips: 0 });
});

test("a success in between closes the account of failures", async () => {
  await redisIsDown();
  await fail(4);
  await clearRedisFault();
  expect(await ping()).toBe("PONG");
  await redisIsDown();
  await fail(4);
  expect(redisBreakerState()).toBe("closed");
});

test("after a pause one caller probes, the others are refused at once, and then all is well", async () => {
  const clock = givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  await clearRedisFault();
  clock.moveTo(Date.now() + 3_000);

  const outcomes = await Promise.allSettled([ping(), ping(), ping()]);

  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(redisBreakerState()).toBe("closed");
  expect(await ping()).toBe("PONG");
});

test("a probe that fails opens it again", async () => {
  const clock = givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  clock.moveTo(Date.now() + 3_000);
  await fail(1);
  await clearRedisFault();
  expect(await redisCost(() => fail(3))).toMatchObject({ roundTrips: 0 });
});

test("a probe whose request went away does not keep Redis shut for ever", async () => {
  const clock = givenClock(Date.now());
  await redisIsDown();
  await fail(5);
  await clearRedisFault();
  clock.moveTo(Date.now() + 3_000);
  void withRedis(config(), INTERACTIVE_LIMIT_MS, () => new Promise(() => {}));
  await fail(1);

  clock.moveTo(Date.now() + 10_000);
  expect(await ping()).toBe("PONG");
});

test("an answer that comes too late is no answer", async () => {
  await redisIsSlow(INTERACTIVE_LIMIT_MS + 300);
  await expect(ping()).rejects.toThrow(/abort|time/i);
});

test("what is too slow for a buyer is not too slow for the consumer", async () => {
  await redisIsSlow(INTERACTIVE_LIMIT_MS + 300);
  await Promise.all([1, 2, 3, 4, 5].map(() => fail(1)));
  expect(redisBreakerState()).toBe("open");
  expect(await ping(BACKGROUND_LIMIT_MS)).toBe("PONG");
});

test("texts come back as they were stored, whatever they look like", async () => {
  resetRedisBreaker();
  for (const text of ["null", "1e3", "007", '{"a":1}', "", "❤ ", "true"]) {
    await withRedis(config(), INTERACTIVE_LIMIT_MS, async (redis) => {
      await redis.set("text", text);
      expect(await redis.get("text")).toBe(text);
    });
  }
});

test("a clock that is set back does not keep Redis shut out", async () => {
  const now = Date.now();
  const clock = givenClock(now);
  await redisIsDown();
  await fail(5);
  await clearRedisFault();
  await expect(ping()).rejects.toThrow();
  clock.moveTo(now - 3_600_000);
  expect(await ping()).toBe("PONG");
});
