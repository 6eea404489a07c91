// The bridge during outages: Redis down and back up, injected faults, and its own start and stop.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startBridge } from "../../../../src/local/redis/bridge/server.ts";
import { startRedis } from "../../../../src/local/redis/start-redis.ts";
import { send, TOKEN, upstash, useStackPerTest } from "../../stack.ts";

/** Node's own channel about requests to its servers. */
const ARRIVED = "http.server.request.start";

const stack = useStackPerTest();

/** Kills Redis, like a crash. */
async function killRedis(): Promise<void> {
  const info = await stack.direct.info("server");
  stack.direct.disconnect();
  process.kill(Number(info.match(/process_id:(\d+)/)?.[1]), "SIGKILL");
  await stack.redis.exited;
}

/** Restarts Redis on the same port and data, and waits until the bridge has reconnected. */
async function restartRedis(): Promise<void> {
  const port = Number(new URL(stack.redis.url).port);
  stack.redis = await startRedis({ dataDir: stack.dataDir, port });
  const answers = async () =>
    expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
  await vi.waitFor(answers, { timeout: 60_000 });
}

describe("while Redis is down", () => {
  test("answers 503 on every route, which makes the client throw", async () => {
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

  test("recovers automatically when Redis is back with its data", async () => {
    const client = upstash(stack.bridge.url);
    await client.set("key", "value");
    await killRedis();
    await expect(client.get("key")).rejects.toThrow();
    await restartRedis();
    expect(await client.get("key")).toBe("value");
  });

  test("neither loses an acknowledged request nor runs one twice when Redis is killed", async () => {
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

  test("close connections without a response in mode down, until the mode is none", async () => {
    expect(await fault({ mode: "down" })).toMatchObject({ status: 200, body: { mode: "down" } });
    await expect(upstash(stack.bridge.url).get("key")).rejects.toThrow("fetch failed");
    await expect(stack.post("/pipeline", [["PING"]])).rejects.toThrow("fetch failed");
    expect(await fault({ mode: "none" })).toMatchObject({ status: 200 });
    expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
  });

  /** Sends a request, and gives up once it has arrived. */
  async function giveUp(body: string): Promise<void> {
    const client = new AbortController();
    const stop = () => client.abort();
    subscribe(ARRIVED, stop);
    onTestFinished(() => void unsubscribe(ARRIVED, stop));
    const answer = fetch(stack.bridge.url, { ...request, body, signal: client.signal });
    await expect(answer).rejects.toThrow("aborted");
    unsubscribe(ARRIVED, stop);
  }

  test("delay responses in mode slow", async () => {
    await fault({ mode: "slow", delayMs: 60_000 });
    await giveUp(request.body);
    await fault({ mode: "slow", delayMs: 1 });
    expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
  });

  test("run a delayed command before the fault ends, even if its client has timed out", async () => {
    await fault({ mode: "slow", delayMs: 60_000 });
    await giveUp('["SET","key","value"]');
    await fault({ mode: "none" });
    expect(stack.bridge.stats).toEqual({ roundTrips: 1, commands: 1 });
    expect(await stack.direct.get("key")).toBe("value");
  });

  test.each([{}, { mode: "odd" }, { mode: "slow" }, { mode: "slow", delayMs: -1 }, "{"])(
    "reject %j",
    async (body) => {
      expect((await fault(body)).status).toBe(400);
      expect(await stack.post("/", ["PING"])).toMatchObject({ status: 200 });
    },
  );
});

test("counts requests and commands and resets the counts on request", async () => {
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
  test("fails to start without Redis or on a port in use", async () => {
    const redisUrl = stack.redis.url;
    const port = Number(new URL(stack.bridge.url).port);
    await expect(startBridge({ redisUrl, token: TOKEN, port })).rejects.toThrow("EADDRINUSE");
    const nowhere = startBridge({ redisUrl: "redis://127.0.0.1:1", token: TOKEN });
    await expect(nowhere).rejects.toThrow("Redis cannot be reached: connect ECONNREFUSED");
  });

  test("stops without waiting for idle or hanging connections", async () => {
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
