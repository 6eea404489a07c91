// The bare order that the benchmark measures Doorbuster's order against: it must do the same work to be a fair baseline.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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

const order = (token: string, key: string) =>
  fetch(new URL("/order", url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "idempotency-key": key,
      "cf-connecting-ip": addresses.next(),
    },
    body: JSON.stringify({ quantity: 1 }),
  });

test("accepts an order after both limits in one Redis round trip", async () => {
  // The first order loads the scripts of the limits into Redis.
  expect((await order(await signToken("first"), "key")).status).toBe(202);
  const before = { ...redis.bridge.stats };
  const response = await order(await signToken("second"), "key");
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ id: "second.key", status: "reserved" });
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

test("accepts a repeated order again", async () => {
  const token = await signToken("repeater");
  const bodies = [await order(token, "same"), await order(token, "same")].map((each) =>
    each.json(),
  );
  const [first, second] = await Promise.all(bodies);
  expect(second).toEqual(first);
});
