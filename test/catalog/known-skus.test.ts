// What an edge can decide about a SKU without I/O: whether it ever existed, and whether it may ever have sold.
import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { Catalog } from "../../src/catalog/catalog.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { heldCatalog } from "../../src/catalog/snapshot.ts";
import worker from "../../src/index.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { redis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, putSale, unique } from "../support/shop.ts";

beforeAll(pauseQueue);

const HOUR_MS = 3_600_000;
const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();
const upcoming = (sale: Sale): Sale => ({ ...sale, opensAt: inHours(1), closesAt: inHours(2) });

/** The catalog of this isolate after a refresh. */
async function catalog(): Promise<Catalog> {
  await call("GET", "/api/sales");
  return heldCatalog() as Catalog;
}

test("recognizes that a SKU never existed", async () => {
  await putSale(aSale());
  expect((await catalog()).hasEverHad(unique("sku"))).toBe(false);
});

test.each([
  ["its sale is open", async (_: Sale) => {}],
  ["it left its sale", async (sale: Sale) => void (await putSale({ ...sale, skus: [aSku()] }))],
  ["its sale was deleted", ({ id }: Sale) => admin("DELETE", `/sales/${id}`)],
  [
    "it left its sale, which was deleted later",
    async (sale: Sale) => {
      await putSale({ ...sale, skus: [aSku()] });
      await admin("DELETE", `/sales/${sale.id}`);
    },
  ],
])("recognizes that a SKU existed if %s, even after Redis was emptied", async (_, change) => {
  const sku = aSku();
  await change(await putSale(aSale({ skus: [sku] })));
  expect((await catalog()).hasEverHad(sku.id)).toBe(true);
  await redis("FLUSHALL");
  await admin("POST", "/cache/purge");
  expect((await catalog()).hasEverHad(sku.id)).toBe(true);
});

test("a SKU of an upcoming sale cannot have sold before the sale opens", async () => {
  const clock = givenClock(Date.now());
  const sku = aSku();
  const { opensAt } = await putSale(upcoming(aSale({ skus: [sku] })));
  const held = await catalog();
  expect(held.hasEverSold(sku.id)).toBe(false);
  clock.moveTo(Date.parse(opensAt) - 1);
  expect(held.hasEverSold(sku.id)).toBe(false);
  clock.moveTo(Date.parse(opensAt));
  expect(held.hasEverSold(sku.id)).toBe(true);
});

test.each([
  ["postponed", (sale: Sale) => putSale(upcoming(sale))],
  ["deleted", ({ id }: Sale) => admin("DELETE", `/sales/${id}`)],
  [
    "postponed twice",
    async (sale: Sale) => {
      await putSale(upcoming(sale));
      await putSale({ ...upcoming(sale), title: "Later" });
    },
  ],
])("a SKU that sold still counts as sold after its sale was %s", async (_, change) => {
  const sku = aSku();
  const sale = await putSale(aSale({ skus: [sku, aSku()] }));
  await bought(await aBuyer(), sku.id);
  await change(sale);
  expect((await catalog()).hasEverSold(sku.id)).toBe(true);
});

test("a SKU may have sold until its object confirms that the sale was postponed", async () => {
  const sku = aSku();
  const sale = await putSale(aSale({ skus: [sku] }));
  const failing = vi.spyOn(SkuInventory.prototype, "configure").mockImplementation(() => {
    throw new Error("unreachable");
  });
  onTestFinished(() => failing.mockRestore());
  await admin("PUT", `/sales/${sale.id}`, { body: upcoming(sale) });
  await redis("FLUSHALL");
  await admin("POST", "/cache/purge");
  expect((await catalog()).hasEverSold(sku.id)).toBe(true);

  failing.mockRestore();
  await redis("FLUSHALL");
  const ctx = createExecutionContext();
  await worker.scheduled(createScheduledController(), env);
  await waitOnExecutionContext(ctx);
  await redis("FLUSHALL");
  await admin("POST", "/cache/purge");
  expect((await catalog()).hasEverSold(sku.id)).toBe(false);
});
