// @upstash/ratelimit on the bridge: every algorithm counts correctly, with one round trip per call.
import { Ratelimit } from "@upstash/ratelimit";
import { beforeEach, describe, expect, test } from "vitest";
import { upstash, useStack } from "../../stack.ts";

const LIMIT = 3;
// No window ends during a test.
const WINDOW = "3650 d";
const algorithms = {
  fixedWindow: Ratelimit.fixedWindow(LIMIT, WINDOW),
  slidingWindow: Ratelimit.slidingWindow(LIMIT, WINDOW),
  tokenBucket: Ratelimit.tokenBucket(LIMIT, WINDOW, LIMIT),
};
type Algorithm = ConstructorParameters<typeof Ratelimit>[0]["limiter"];

const stack = useStack();

beforeEach(async () => {
  await stack.direct.script("FLUSH");
});

function limiter(algorithm: Algorithm, prefix = "limit"): Ratelimit {
  // Without the cache of refused identifiers, every call reaches Redis.
  const options = { limiter: algorithm, prefix, ephemeralCache: false } as const;
  return new Ratelimit({ ...options, redis: upstash(stack.bridge.url) });
}

/** Counts the requests and commands that reach the bridge while `work` runs. */
async function cost(work: () => Promise<unknown>) {
  const before = { ...stack.bridge.stats };
  await work();
  const { roundTrips, commands } = stack.bridge.stats;
  return { roundTrips: roundTrips - before.roundTrips, commands: commands - before.commands };
}

describe.each(Object.entries(algorithms))("%s", (_, algorithm) => {
  test("enforces the limit with one round trip per call after the first", async () => {
    const limits = limiter(algorithm);
    const first = await cost(() => limits.limit("alice"));
    expect(first).toEqual({ roundTrips: 2, commands: 2 }); // NOSCRIPT, then the script itself
    for (const [success, remaining] of [
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ]) {
      const call = await cost(async () => {
        const { success: allowed, remaining: left, limit } = await limits.limit("alice");
        expect([allowed, Math.max(left, 0), limit]).toEqual([success, remaining, LIMIT]);
      });
      expect(call).toEqual({ roundTrips: 1, commands: 1 });
    }
    expect(await limits.limit("bob")).toMatchObject({ success: true, remaining: 2 });
  });

  test("allows exactly the limit under concurrent calls", async () => {
    const limits = limiter(algorithm);
    const results = await Promise.all(Array.from({ length: 50 }, () => limits.limit("alice")));
    expect(results.filter(({ success }) => success)).toHaveLength(LIMIT);
    expect(results.every(({ reason }) => reason === undefined)).toBe(true); // no timeout
  });

  test("takes several tokens at once, reads the remaining ones, and resets", async () => {
    const limits = limiter(algorithm);
    expect(await limits.limit("alice", { rate: 2 })).toMatchObject({ remaining: 1 });
    expect(await limits.getRemaining("alice")).toMatchObject({ remaining: 1 });
    await limits.resetUsedTokens("alice");
    expect(await limits.getRemaining("alice")).toMatchObject({ remaining: LIMIT });
  });
});

describe("cachedFixedWindow", () => {
  test("decides from its cache and counts in Redis with one round trip per call", async () => {
    const cached = () =>
      new Ratelimit({
        redis: upstash(stack.bridge.url),
        limiter: Ratelimit.cachedFixedWindow(LIMIT, WINDOW),
        ephemeralCache: new Map(),
      });
    const limits = cached();
    await limits.limit("alice");
    const second = await cost(async () => {
      const result = await limits.limit("alice");
      expect(result).toMatchObject({ success: true, remaining: 1 });
      await result.pending;
    });
    expect(second).toEqual({ roundTrips: 1, commands: 1 });
    expect(await cached().limit("alice")).toMatchObject({ success: true, remaining: 0 });
    expect(await cached().limit("alice")).toMatchObject({ success: false });
    expect(await limits.getRemaining("alice")).toMatchObject({ remaining: 1 });
    await limits.resetUsedTokens("alice");
    expect(await cached().getRemaining("alice")).toMatchObject({ remaining: LIMIT });
  });
});

test("combines concurrent calls of two limiters on one client in one request", async () => {
  const redis = upstash(stack.bridge.url);
  const shared = { redis, ephemeralCache: false } as const;
  const perIp = new Ratelimit({ ...shared, limiter: algorithms.slidingWindow, prefix: "ip" });
  const perUser = new Ratelimit({ ...shared, limiter: algorithms.tokenBucket, prefix: "user" });
  const both = () => Promise.all([perIp.limit("192.0.2.1"), perUser.limit("alice")]);
  await both();
  expect(await cost(both)).toEqual({ roundTrips: 1, commands: 2 });
});

test("reloads its scripts after Redis has lost them", async () => {
  const limits = limiter(algorithms.slidingWindow);
  await limits.limit("alice");
  await stack.direct.script("FLUSH");
  expect(await limits.limit("alice")).toMatchObject({ success: true, remaining: 1 });
  expect(await cost(() => limits.limit("alice"))).toEqual({ roundTrips: 1, commands: 1 });
});
