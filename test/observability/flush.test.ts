// Counting in the real Worker: requests, objects, and the scheduled run send what they count by themselves.
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { flusher } from "../../src/observability/flush.ts";
import { readShards } from "../../src/observability/read-metrics.ts";
import { call } from "../support/http.ts";
import { counted, series } from "../support/metrics.ts";
import { redisCost } from "../support/redis.ts";
import { aBuyer, onSale, order, unique } from "../support/shop.ts";

/** Reads the shards without sending anything. */
const totals = async () =>
  (await readShards(env, { sinceSeconds: 60, stepSeconds: 5 }, Date.now())).series;

test("a request's counts reach a shard within seconds, without another request", async () => {
  const refused = async () => {
    const named = (await totals()).filter(({ name }) => name === "funnel_refused");
    return named.find(({ labels }) => labels.reason === "not_found")?.total as number | undefined;
  };
  await flusher.flush();
  const before = (await refused()) ?? 0;
  await order(await aBuyer(), unique("nowhere"));
  await vi.waitUntil(async () => ((await refused()) ?? 0) > before, { timeout: 60_000 });
});

test("the object of a SKU sends its units by itself", async () => {
  const skuId = await onSale({ stock: 10 });
  await order(await aBuyer(), skuId);
  await vi.waitUntil(
    async () => {
      const units = (await totals()).filter(
        ({ name, labels }) => name === "units" && labels.sku === skuId,
      );
      return units.find(({ labels }) => labels.state === "available")?.total === 9;
    },
    { timeout: 60_000 },
  );
});

test("measures how long requests take, by group of routes and class of status", async () => {
  const before = ((await series("http_seconds|other|2xx"))?.total as number[] | undefined) ?? [0];
  for (let i = 0; i < 3; i += 1) await call("GET", "/healthz");
  const after = ((await series("http_seconds|other|2xx"))?.total as number[]) ?? [0];
  const counts = (buckets: number[]) => buckets.slice(0, -1).reduce((sum, n) => sum + n, 0);
  expect(counts(after)).toBe(counts(before) + 3);
});

test("counts the commands that are sent to Redis, and sends no command of its own", async () => {
  const skuId = await onSale({ stock: 10 });
  const buyer = await aBuyer();
  const before = await counted("redis_commands");
  const { commands } = await redisCost(async () => {
    await order(buyer, skuId);
    await counted("redis_commands");
  });
  expect(commands).toBeGreaterThan(0);
  expect(await counted("redis_commands")).toBeGreaterThanOrEqual(before + commands);
  const idle = await redisCost(() => counted("redis_commands"));
  expect(idle.commands).toBe(0);
});
