// Redis is gone: every page and the catalog's API still answer, for as long as is promised; and what they
// cost while it is there.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import type { Sku } from "../../src/catalog/schema.ts";
import { registryOf } from "../../src/catalog/store.ts";
import { readCounters } from "../../src/observability/metrics.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import {
  emptyRedis,
  redisCost,
  redisIsBack,
  redisIsDown,
  redisIsSlow,
  redisRefusesWrites,
} from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, putSale, suppressLiveStock, until } from "../support/shop.ts";
import { saleInRedis } from "./elsewhere.ts";

const MINUTE_MS = 60_000;
let moments = 0;

beforeAll(pauseQueue);
beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  suppressLiveStock();
});

/** Given a sale for days, and a clock that stands still. */
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

/** Given a registry that answers nobody, either. */
function registryIsDown(): void {
  const spy = vi.spyOn(SaleRegistry.prototype, "publishedAfter").mockImplementation(() => {
    throw new Error("down");
  });
  onTestFinished(() => spy.mockRestore());
}

describe.each([
  ["down", () => redisIsDown()],
  ["slow", () => redisIsSlow(5_000)],
] as const)("while Redis is %s, and the registry is down", (_, breakRedis) => {
  test("pages and catalog answer for an hour, and each stale answer is counted", async () => {
    const { start, clock, sale, paths } = await given();
    for (const path of paths) await call("GET", path);
    await breakRedis();
    registryIsDown();
    const counted = () => readCounters()["stale|catalog"] ?? 0;
    const before = counted();
    for (const minutes of [1, 30, 59]) {
      clock.moveTo(start + minutes * MINUTE_MS);
      for (const path of paths) {
        const { status, body } = await call("GET", path);
        expect(status).toBe(200);
        expect(JSON.stringify(body)).toContain(sale.id);
      }
    }
    expect(counted()).toBeGreaterThan(before);
  });
});

describe.each([
  ["down", () => redisIsDown()],
  ["slow", () => redisIsSlow(5_000)],
] as const)("while Redis is %s", (_, breakRedis) => {
  test("pages and catalog answer for as long as it takes", async () => {
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

  test("a change is made, shows elsewhere within five seconds, and stays when Redis is back", async () => {
    const { start, clock, sale, paths } = await given();
    for (const path of paths) await call("GET", path);
    await breakRedis();
    const changed = { ...sale, title: "Ninety-nine" };
    await registryOf(env).put(changed); // what another isolate's request does: this one is not told

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
  test("a new price is charged and shown at once, and a deleted sale is gone", async () => {
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

  test("a change still counts once Redis is back, though nobody asked meanwhile", async () => {
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

  test("a crowd asks the registry once in three seconds", async () => {
    const { start, clock, sale } = await given();
    await call("GET", `/api/sales/${sale.id}`);
    await redisIsDown();
    const asked = vi.spyOn(SaleRegistry.prototype, "publishedAfter");
    onTestFinished(() => asked.mockRestore());
    for (let second = 1; second <= 60; second += 1) {
      clock.moveTo(start + second * 1_000);
      await Promise.all(Array.from({ length: 20 }, () => call("GET", `/api/sales/${sale.id}`)));
    }
    expect(asked.mock.calls.length).toBeGreaterThan(10);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(20);
  });

  test("no cache keeps an answer that may be too old", async () => {
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

test("a change that Redis does not take, though it is read, says what happened", async () => {
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

test("the live stock says so when it cannot be told any more, and no cache may go on telling it", async () => {
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

test("what is in memory costs no Redis command: page, its HEAD, its 304, catalog, live stock", async () => {
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
