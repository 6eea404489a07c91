// Pages and the catalog API during an outage of Redis, and their cost without one.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { LiveAnswer } from "../../src/catalog/live.ts";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import type { Sku } from "../../src/catalog/schema.ts";
import { registryOf } from "../../src/catalog/store.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { pauseQueue } from "../support/queue.ts";
import {
  emptyRedis,
  KEYS,
  redis,
  redisCost,
  redisIsBack,
  redisIsDown,
  redisIsSlow,
  redisRefusesWrites,
} from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, putSale, suppressLiveStock, until } from "../support/shop.ts";
import { saleInRedis } from "./catalog-copy.ts";

const MINUTE_MS = 60_000;
let moments = 0;

beforeAll(pauseQueue);
beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  suppressLiveStock();
});

/** A sale that is open for days, and a stopped clock. */
async function given() {
  moments += 1;
  const start = Date.now() + moments * 86_400_000;
  const clock = givenClock(start);
  const sale = await putSale(
    aSale({ skus: [aSku()], closesAt: new Date(start + 7 * 86_400_000).toISOString() }),
  );
  const paths = ["/", `/sales/${sale.id}`, "/api/sales", `/api/sales/${sale.id}`];
  return { start, clock, sale, paths };
}

/** Makes the registry fail as well. */
function registryIsDown(): void {
  const spy = vi.spyOn(SaleRegistry.prototype, "publishedAfter").mockImplementation(() => {
    throw new Error("down");
  });
  onTestFinished(() => spy.mockRestore());
}

describe.each([
  ["down", () => redisIsDown()],
  ["slow", () => redisIsSlow(5_000)],
] as const)("while Redis is %s and the registry is down", (_, breakRedis) => {
  test("pages and the catalog API answer for an hour, and stale answers are counted", async () => {
    const { start, clock, sale, paths } = await given();
    for (const path of paths) await call("GET", path);
    await breakRedis();
    registryIsDown();
    const before = await counted("cache|catalog|stale");
    for (const minutes of [1, 30, 59]) {
      clock.moveTo(start + minutes * MINUTE_MS);
      for (const path of paths) {
        const { status, body } = await call("GET", path);
        expect(status).toBe(200);
        expect(JSON.stringify(body)).toContain(sale.id);
      }
    }
    expect(await counted("cache|catalog|stale")).toBeGreaterThan(before);
  });
});

describe.each([
  ["down", () => redisIsDown()],
  ["slow", () => redisIsSlow(5_000)],
] as const)("while Redis is %s", (_, breakRedis) => {
  test("pages and the catalog API answer without a time limit", async () => {
    const { start, clock, sale, paths } = await given();
    await breakRedis();
    for (const minutes of [1, 59, 61, 600]) {
      clock.moveTo(start + minutes * MINUTE_MS);
      for (const path of paths) {
        const { status, body } = await call("GET", path);
        expect(status).toBe(200);
        expect(JSON.stringify(body)).toContain(sale.id);
      }
    }
  });

  test("a change in another isolate shows within five seconds, and stays after Redis recovers", async () => {
    const { start, clock, sale, paths } = await given();
    for (const path of paths) await call("GET", path);
    await breakRedis();
    const changed = { ...sale, title: "Ninety-nine" };
    await registryOf(env).put(changed); // as another isolate would; this one does not notice

    clock.moveTo(start + 5_000);
    for (const path of paths) {
      const { body, headers } = await call("GET", path);
      expect(JSON.stringify(body)).toContain("Ninety-nine");
      expect(headers.get("cloudflare-cdn-cache-control")).toMatch(/max-age=1|no-cache/);
    }

    await redisIsBack();
    clock.moveTo(start + 10_000);
    for (const path of paths) {
      expect(JSON.stringify((await call("GET", path)).body)).toContain("Ninety-nine");
    }
    await until("Redis has it", async () => (await saleInRedis(sale.id))?.title === "Ninety-nine");
  });
});

describe("while Redis is down", () => {
  test("a new price is shown and charged at once, and a deleted sale is not found", async () => {
    const { sale } = await given();
    const [sku] = sale.skus as [Sku];
    await redisIsDown();
    const dear = { ...sale, skus: [{ ...sku, unitPrice: { amount: 9_900, currency: "USD" } }] };
    expect((await admin("PUT", `/sales/${sale.id}`, { body: dear })).status).toBe(200);
    expect((await call("GET", `/api/sales/${sale.id}`)).body).toMatchObject({ skus: dear.skus });
    expect((await bought(await aBuyer(), sku.id)).unitPrice.amount).toBe(9_900);
    expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(204);
    expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(404);
  });

  test("a change is not lost when Redis recovers before the next request", async () => {
    const { start, clock, sale } = await given();
    await call("GET", `/api/sales/${sale.id}`);
    await redisIsDown();
    await admin("PUT", `/sales/${sale.id}`, { body: { ...sale, title: "Ninety-nine" } });

    await redisIsBack();
    clock.moveTo(start + 5_000);
    const { body } = await call("GET", `/api/sales/${sale.id}`);
    expect(body).toMatchObject({ title: "Ninety-nine" });
    await until("Redis has it", async () => (await saleInRedis(sale.id))?.title === "Ninety-nine");
  });

  test("many requests cost one call of the registry per three seconds", async () => {
    const { start, clock, sale } = await given();
    await call("GET", `/api/sales/${sale.id}`);
    await redisIsDown();
    const reads = vi.spyOn(SaleRegistry.prototype, "publishedAfter");
    onTestFinished(() => reads.mockRestore());
    for (let second = 1; second <= 60; second += 1) {
      clock.moveTo(start + second * 1_000);
      await Promise.all(Array.from({ length: 20 }, () => call("GET", `/api/sales/${sale.id}`)));
    }
    expect(reads.mock.calls.length).toBeGreaterThan(10);
    expect(reads.mock.calls.length).toBeLessThanOrEqual(20);
  });

  test("caches have to revalidate answers that may be too old", async () => {
    const { start, clock, sale, paths } = await given();
    for (const path of paths) await call("GET", path);
    await redisIsDown();
    registryIsDown();
    clock.moveTo(start + 2_000);
    for (const path of [`/sales/${sale.id}`, `/api/sales/${sale.id}`]) {
      const { headers } = await call("GET", path);
      expect(headers.get("cloudflare-cdn-cache-control")).toBe("public, no-cache");
    }
  });
});

test("answers 503 and explains it if Redis can be read but not written", async () => {
  const { sale } = await given();
  const refusal = redisRefusesWrites();
  const body = { ...sale, title: "Written" };
  const answer = await admin("PUT", `/sales/${sale.id}`, { body });
  expect(answer).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining("registered") },
  });
  expect((await admin("GET", `/sales/${sale.id}`)).body).toMatchObject({ title: "Written" });
  refusal.mockRestore();
  expect((await admin("PUT", `/sales/${sale.id}`, { body })).status).toBe(200);
  expect(await saleInRedis(sale.id)).toMatchObject({ title: "Written" });
});

test("the live stock becomes unavailable after a minute without Redis, and caches must not serve it", async () => {
  const { start, clock, sale } = await given();
  const path = `/api/sales/${sale.id}/live`;
  const before = await call("GET", path);
  expect(before.headers.get("cache-control")).toBe("public, max-age=1, stale-if-error=0");
  await redisIsDown();
  clock.moveTo(start + MINUTE_MS - 1);
  expect((await call("GET", path)).body).toMatchObject({ asOf: before.body.asOf });
  clock.moveTo(start + MINUTE_MS);
  expect(await call("GET", path)).toMatchObject({ status: 503, code: "unavailable" });
});

test("the live stock is right at once after an outage, in which no object could publish", async () => {
  const { start, clock, sale } = await given();
  const [sku] = sale.skus;
  const path = `/api/sales/${sale.id}/live`;
  const shown = async () => (await call<LiveAnswer>("GET", path)).body.skus[0]?.available;
  await until("the stock is known", async () => (await shown()) === sku?.stock);
  await redisIsDown();
  clock.moveTo(start + 3_000);
  await shown();
  await redisIsBack();
  await redis("HSET", KEYS.live, sku?.id as string, JSON.stringify({ available: 9_999, held: 0 }));
  clock.moveTo(start + 7_000);
  expect(await shown()).toBe(sku?.stock);
});

test("pages, HEAD, 304, catalog, and live stock in memory cost no Redis command", async () => {
  const { sale, paths } = await given();
  const all = [...paths, `/api/sales/${sale.id}/live`];
  for (const path of all) await call("GET", path);
  const etag = (await call("GET", paths[1] as string)).headers.get("etag") ?? "";

  const { result, commands } = await redisCost(async () => [
    ...(await Promise.all(all.map((path) => call("GET", path)))),
    await call("HEAD", paths[1] as string),
    await call("GET", paths[1] as string, { headers: { "if-none-match": etag } }),
  ]);

  expect(result.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 304]);
  expect(commands).toBe(0);
});
