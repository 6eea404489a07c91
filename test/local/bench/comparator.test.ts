// The bare order that the benchmark measures Doorbuster's order against: it must do the same work to be a fair baseline.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { AddressRange } from "../../../src/local/bench/addresses.ts";
import { buildWorker, startMiniflare, workerOptions } from "../../../src/local/miniflare.ts";
import { LOCAL_AUTH_SECRET } from "../../../src/local/settings.ts";
import { type RedisWithBridge, startRedisWithBridge } from "../../../src/local/stack.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";
import { tokenSigner } from "../../../src/local/tokens.ts";
import { START_TIMEOUT } from "../stack.ts";

const SOURCE = { config: "src/local/bench/comparator.toml" };
const addresses = new AddressRange();
const signToken = tokenSigner(LOCAL_AUTH_SECRET);
const parts = new AsyncDisposableStack();
let redis: RedisWithBridge;
let url: URL;

beforeAll(async () => {
  const stateDir = makeTempDir("comparator");
  redis = await startRedisWithBridge(stateDir);
  parts.defer(redis.stop);
  const worker = workerOptions(await buildWorker(SOURCE), redis.vars, SOURCE);
  const miniflare = startMiniflare([worker], { stateDir: join(stateDir, "worker") });
  parts.defer(() => miniflare.dispose());
  url = await miniflare.ready;
}, START_TIMEOUT);

afterAll(() => parts.disposeAsync());

const order = (token: string, key: string, quantity = 1) =>
  fetch(new URL("/order", url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "idempotency-key": key,
      "cf-connecting-ip": addresses.next(),
    },
    body: JSON.stringify({ quantity }),
  });

/** Waits until the consumer has confirmed every order. */
const settled = () =>
  vi.waitUntil(async () => (await (await fetch(new URL("/unsettled", url))).json()) === 0, {
    timeout: START_TIMEOUT,
  });

test("accepts an order after both limits in one Redis round trip", async () => {
  // The first order loads the scripts of the limits into Redis.
  expect((await order(await signToken("first"), "key")).status).toBe(202);
  const before = { ...redis.bridge.stats };
  const response = await order(await signToken("second"), "key");
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({
    userId: "second",
    quantity: 1,
    status: "reserved",
  });
  const { roundTrips, commands } = redis.bridge.stats;
  expect({
    roundTrips: roundTrips - before.roundTrips,
    commands: commands - before.commands,
  }).toEqual({ roundTrips: 1, commands: 2 });
});

test("refuses a forged token without a Redis round trip", async () => {
  const { roundTrips } = redis.bridge.stats;
  const forged = await tokenSigner("another-secret-of-at-least-32-characters")("user");
  expect((await order(forged, "key")).status).toBe(401);
  expect(redis.bridge.stats.roundTrips).toBe(roundTrips);
});

test("answers a repeated order with the first one, also once it is settled", async () => {
  const token = await signToken("repeater");
  const first = await (await order(token, "same")).json();
  expect(await (await order(token, "same")).json()).toEqual(first);
  await settled();
  expect(await (await order(token, "same")).json()).toEqual(first);
  expect((await order(token, "same", 2)).status).toBe(409);
});

test("refuses a second order of one person", async () => {
  const token = await signToken("collector");
  expect((await order(token, "one")).status).toBe(202);
  expect((await order(token, "two")).status).toBe(409);
});

test("publishes each accepted order as confirmed", async () => {
  const token = await signToken("reader");
  const { id } = (await (await order(token, "key")).json()) as { id: string };
  await settled();
  const { UPSTASH_REDIS_REST_URL: bridge = "", UPSTASH_REDIS_REST_TOKEN: bearer } = redis.vars;
  const stored = await fetch(bridge, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}` },
    body: JSON.stringify(["HGET", "comparator:orders:reader", id]),
  });
  const { result } = (await stored.json()) as { result: string };
  expect(JSON.parse(result)).toMatchObject({ id, status: "confirmed" });
});
