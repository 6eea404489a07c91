// The bridge when things break: Redis gone and back, faults set from outside, its own start and end.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startBridge } from "../../../../src/local/redis/bridge/server.ts";
import { startRedis } from "../../../../src/local/redis/start-redis.ts";
import { START_TIMEOUT, type Stack, send, startStack, TOKEN, upstash } from "../../stack.ts";

let stack: Stack;

beforeEach(async () => {
  stack = await startStack();
}, START_TIMEOUT);

afterEach(() => stack.stop());

/** Ends Redis at once, as a crash would. */
async function killRedis(): Promise<void> {
  const info = await stack.direct.info("server");
  stack.direct.disconnect();
  process.kill(Number(info.match(/process_id:(\d+)/)?.[1]), "SIGKILL");
  await stack.redis.exited;
}

/** Starts Redis where it was before, and waits until the bridge has noticed. */
async function restartRedis(): Promise<void> {
  const port = Number(new URL(stack.redis.url).port);
  stack.redis = await startRedis({ dataDir: stack.dataDir, port });
  const answers = async () =>
    expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
  await vi.waitFor(answers, { timeout: 10_000 });
}

describe("while Redis is away", () => {
  test("every route answers 503 with an error, and the client throws it", async () => {
    await killRedis();
    for (const [path, body] of [
      ["/", ["GET", "key"]],
      ["/pipeline", [["GET", "key"]]],
      ["/multi-exec", [["GET", "key"]]],
    ] as const) {
      const answer = await stack.post(path, body);
      expect(answer).toMatchObject({ status: 503, body: { error: "ERR Redis cannot be reached" } });
    }
    await expect(upstash(stack.bridge.url).get("key")).rejects.toThrow(
      "ERR Redis cannot be reached",
    );
    expect((await stack.post("/", ["GET", null])).status).toBe(400);
  });

  test("it recovers by itself when Redis is back, with its data", async () => {
    const client = upstash(stack.bridge.url);
    await client.set("key", "value");
    await killRedis();
    await expect(client.get("key")).rejects.toThrow();
    await restartRedis();
    expect(await client.get("key")).toBe("value");
  });

  test("requests under way settle, none is lost after its answer, none is done twice", async () => {
    const client = upstash(stack.bridge.url);
    const calls: Promise<unknown>[] = [];
    const increment = () => {
      calls.push(client.multi().incr("n").incr("m").exec());
      calls.push(stack.post("/", ["INCR", "k"]));
    };
    for (let i = 0; i < 100; i++) increment();
    const killed = killRedis();
    for (let i = 0; i < 100; i++) increment();
    const settled = Promise.allSettled(calls);
    await killed;
    const outcomes = await settled;
    const answered = outcomes.filter((_, i) => i % 2 === 0).filter((o) => o.status === "fulfilled");
    await restartRedis();
    const [n = 0, m = 0] = await client.mget<number[]>("n", "m");
    expect(n ?? 0).toBe(m ?? 0);
    expect(n ?? 0).toBeGreaterThanOrEqual(answered.length);
    expect(n ?? 0).toBeLessThanOrEqual(200);
  });
});

describe("faults", () => {
  const fault = (body: unknown) => stack.post("/_local/fault", body);
  const request = {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: '["PING"]',
  };

  test("down: connections break without an answer, until it is taken back", async () => {
    expect(await fault({ mode: "down" })).toMatchObject({ status: 200, body: { mode: "down" } });
    await expect(upstash(stack.bridge.url).get("key")).rejects.toThrow("fetch failed");
    await expect(stack.post("/pipeline", [["PING"]])).rejects.toThrow("fetch failed");
    expect(await fault({ mode: "none" })).toMatchObject({ status: 200 });
    expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
  });

  test("slow: answers come late", async () => {
    await fault({ mode: "slow", delayMs: 60_000 });
    await expect(
      fetch(stack.bridge.url, { ...request, signal: AbortSignal.timeout(200) }),
    ).rejects.toThrow("timeout");
    await fault({ mode: "slow", delayMs: 1 });
    expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
  });

  test("a slow command runs before the fault ends, although its client gave up", async () => {
    await fault({ mode: "slow", delayMs: 60_000 });
    const set = { ...request, body: '["SET","key","value"]', signal: AbortSignal.timeout(200) };
    await expect(fetch(stack.bridge.url, set)).rejects.toThrow("timeout");
    await fault({ mode: "none" });
    expect(stack.bridge.stats).toEqual({ roundTrips: 1, commands: 1 });
    expect(await stack.direct.get("key")).toBe("value");
  });

  test.each([{}, { mode: "odd" }, { mode: "slow" }, { mode: "slow", delayMs: -1 }, "{"])(
    "%j is no fault",
    async (body) => {
      expect((await fault(body)).status).toBe(400);
      expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
    },
  );
});

test("stats count requests and commands, and can be reset from outside", async () => {
  const url = `${stack.bridge.url}/_local/stats`;
  await stack.post("/", ["PING"]);
  await stack.post("/pipeline", [["PING"], ["NOSUCH"]]);
  await stack.post("/multi-exec", [["PING"], ["PING"], ["PING"]]);
  expect((await send(url, null, {}, "GET")).body).toEqual({ roundTrips: 3, commands: 6 });
  expect(stack.bridge.stats).toEqual({ roundTrips: 3, commands: 6 });
  expect((await send(url, null, {}, "DELETE")).body).toEqual({ roundTrips: 0, commands: 0 });
  expect(stack.bridge.stats).toEqual({ roundTrips: 0, commands: 0 });
});

describe("start and stop", () => {
  test("no Redis, or a taken port, is told at the start", async () => {
    const redisUrl = stack.redis.url;
    const port = Number(new URL(stack.bridge.url).port);
    await expect(startBridge({ redisUrl, token: TOKEN, port })).rejects.toThrow("EADDRINUSE");
    const nowhere = startBridge({ redisUrl: "redis://127.0.0.1:1", token: TOKEN });
    await expect(nowhere).rejects.toThrow("Redis cannot be reached: connect ECONNREFUSED");
  });

  test("stop does not wait for idle or hanging connections", async () => {
    const { url, stop } = await startBridge({ redisUrl: stack.redis.url, token: TOKEN });
    await send(`${url}/_local/fault`, { mode: "slow", delayMs: 60_000 });
    const hanging = send(url, ["PING"]);
    hanging.catch(() => {});
    await send(`${url}/_local/stats`, null, {}, "GET");
    await stop();
    await expect(hanging).rejects.toThrow("fetch failed");
    await expect(send(url, ["PING"])).rejects.toThrow("fetch failed");
  });
});
