// Changes of a sale reach the registry, the objects, and Redis, whichever of them fails.
import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { PublishedCatalog } from "../../src/catalog/registry-types.ts";
import { saleDocumentSchema } from "../../src/catalog/schema.ts";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import worker from "../../src/index.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { CATALOG_FIELD } from "../../src/redis/keys.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisIsBack } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  ledger,
  order,
  putSale,
  tally,
  until,
} from "../support/shop.ts";
import { copyInRedis, saleInRedis, writeCopy } from "./catalog-copy.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const put = (sale: ReturnType<typeof aSale>) => admin("PUT", `/sales/${sale.id}`, { body: sale });
/** Makes configuring objects fail until the returned function is called. */
function failConfigure(): () => void {
  const spy = vi.spyOn(SkuInventory.prototype, "configure").mockImplementation(() => {
    throw new Error("unreachable");
  });
  onTestFinished(() => spy.mockRestore());
  return () => spy.mockRestore();
}

/** Runs the scheduled run of every minute. */
async function reconcile(): Promise<void> {
  const ctx = createExecutionContext();
  await worker.scheduled(createScheduledController(), env);
  await waitOnExecutionContext(ctx);
}

describe("a change of a sale", () => {
  test("shows at once in the catalog, in Redis, and in the object", async () => {
    const sku = aSku({ stock: 5, perUserLimit: 2 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, title: "Another title", skus: [{ ...sku, stock: 8 }] };

    expect((await put(changed)).status).toBe(200);

    expect((await call("GET", `/api/sales/${sale.id}`)).body).toEqual(changed);
    expect(await saleInRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8, saleId: sale.id });
  });

  test("answers 503 if it did not reach the objects, and is completed by repeating the request", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, skus: [{ ...sku, stock: 8 }] };

    const recover = failConfigure();
    const failed = await put(changed);
    expect(failed).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining("is registered") },
    });
    expect(contractFaults(failed)).toEqual([]);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 5 });
    expect(await saleInRedis(sale.id)).toEqual(changed);
    recover();
    expect((await put(changed)).status).toBe(200);

    expect(await saleInRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
  });

  test("is completed by the scheduled run if it did not reach the objects", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, skus: [{ ...sku, stock: 8 }] };
    const recover = failConfigure();
    expect((await put(changed)).status).toBe(503);
    recover();

    await reconcile();

    expect(await saleInRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
    await reconcile();
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
  });

  test("applies its price and closing time to new orders, not to accepted ones", async () => {
    captureQueue();
    const sku = aSku({ price: 100, perUserLimit: 2 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const buyer = await aBuyer();
    await bought(buyer, sku.id);

    await put({ ...sale, skus: [{ ...sku, unitPrice: { amount: 900, currency: "USD" } }] });
    expect((await bought(buyer, sku.id)).unitPrice.amount).toBe(900);
    const { body } = await call<{ orders: { unitPrice: { amount: number } }[] }>(
      "GET",
      "/api/orders",
      {
        token: buyer.token,
      },
    );
    expect(body.orders.map(({ unitPrice }) => unitPrice.amount).sort()).toEqual([100, 900]);

    const closed = { ...sale, closesAt: new Date(Date.now() - 1).toISOString() };
    expect((await put(closed)).status).toBe(200);
    expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ sale_closed: 1 });
  });
});

test("a SKU belongs to one sale, and can move to another after leaving it", async () => {
  captureQueue();
  const sku = aSku({ stock: 4 });
  const first = await putSale(aSale({ skus: [sku, aSku()] }));
  const second = aSale({ skus: [sku] });
  expect(await put(second)).toMatchObject({
    status: 400,
    body: { issues: [{ path: "skus.0.id" }] },
  });

  await put({ ...first, skus: first.skus.slice(1) });
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ not_found: 1 });
  expect((await put(second)).status).toBe(201);
  expect(await bought(await aBuyer(), sku.id)).toMatchObject({ saleId: second.id });
});

test("a deleted sale sells nothing, even if an old copy is written to Redis later", async () => {
  captureQueue();
  const sku = aSku({ price: 100 });
  const sale = await putSale(aSale({ skus: [sku] }));
  const copy = (await copyInRedis()) as PublishedCatalog;
  const buyer = await aBuyer();
  await bought(buyer, sku.id);

  expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(204);
  expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(404);
  expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(404);
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ not_found: 1 });
  expect(await ledger(sku.id)).toMatchObject({ held: 1, saleId: null });

  await writeCopy(copy);
  dropSnapshot();
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ not_found: 1 });
  await reconcile();
  expect(await saleInRedis(sale.id)).toBeUndefined();
});

test("omits invalid sales in Redis and sells the others", async () => {
  const sale = await putSale(aSale());
  const catalog = (await copyInRedis()) as PublishedCatalog;
  const broken = ["", {}, { id: "y" }, [], null, { ...catalog.sales[0], sale: { id: "z" } }];
  const sales = [...broken, ...catalog.sales] as PublishedCatalog["sales"];
  await writeCopy({ ...catalog, version: catalog.version + 1, sales } as PublishedCatalog);
  dropSnapshot();
  const { body } = await call<{ sales: { id: string }[] }>("GET", "/api/sales");
  expect(body.sales.map(({ id }) => id)).toContain(sale.id);
});

test.each([
  ["version", "x"],
  ["version", "-1 null"],
  ["document", ""],
  ["document", "1 ["],
  ["document", "1 {}"],
  ["document", "9999999999999999 null"],
])("serves every sale and replaces the copy in Redis if its %s is %j", async (field, text) => {
  const sale = await putSale(aSale());
  const isDocument = field === "document";
  if (isDocument) await redis("HSET", KEYS.catalog, field, text);
  await redis("HSET", KEYS.live, CATALOG_FIELD, isDocument ? "9999999999999999 null" : text);
  await admin("POST", "/cache/purge");
  expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(200);
  await until("the copy is repaired", async () => {
    return JSON.stringify(await saleInRedis(sale.id).catch(() => null)) === JSON.stringify(sale);
  });
});

test("returns a sale exactly as it was written", async () => {
  const sale = await putSale(aSale({ description: "<b>&\"'\u2028 🎟", title: "日本" }));
  expect(saleDocumentSchema.parse((await admin("GET", `/sales/${sale.id}`)).body)).toEqual(sale);
});
