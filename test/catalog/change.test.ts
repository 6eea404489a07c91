// Changes of the catalog reach registry, objects and Redis, in whichever order those fail.
import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { RegisteredSale } from "../../src/catalog/registry.ts";
import { saleSchema } from "../../src/catalog/schema.ts";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import worker from "../../src/index.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { readVersioned } from "../../src/redis/versioned.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import { heldQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, ledger, order, putSale, tally } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const put = (sale: ReturnType<typeof aSale>) => admin("PUT", `/sales/${sale.id}`, { body: sale });
const inRedis = async (saleId: string) => {
  const text = await redis<string | null>("HGET", KEYS.catalog, saleId);
  return (readVersioned(text)?.value as Pick<RegisteredSale, "sale"> | undefined)?.sale;
};

/** Given objects that cannot be told anything, until the returned function is called. */
function givenDeafObjects(): () => void {
  const spy = vi.spyOn(SkuInventory.prototype, "configure").mockImplementation(() => {
    throw new Error("deaf");
  });
  onTestFinished(() => spy.mockRestore());
  return () => spy.mockRestore();
}

/** What the cron trigger does every minute. */
async function reconciled(): Promise<void> {
  const ctx = createExecutionContext();
  await worker.scheduled(createScheduledController(), env);
  await waitOnExecutionContext(ctx);
}

describe("a change", () => {
  test("shows at once in the catalog, in Redis and in the object", async () => {
    const sku = aSku({ stock: 5, perUserLimit: 2 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, title: "Another title", skus: [{ ...sku, stock: 8 }] };

    expect((await put(changed)).status).toBe(200);

    expect((await call("GET", `/api/sales/${sale.id}`)).body).toEqual(changed);
    expect(await inRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8, saleId: sale.id });
  });

  test("that reached the objects but not Redis is not called done, and is finished by repeating it", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, skus: [{ ...sku, stock: 8 }] };

    await redisIsDown();
    const failed = await put(changed);
    expect(failed.status).toBe(503);
    expect(contractFaults(failed)).toEqual([]);
    await redisIsBack();
    expect((await put(changed)).status).toBe(200);

    expect(await inRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
  });

  test("that reached Redis' side of nothing is finished by repeating it: the objects were deaf", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, skus: [{ ...sku, stock: 8 }] };

    const hear = givenDeafObjects();
    expect((await put(changed)).status).toBe(503);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 5 });
    hear();
    expect((await put(changed)).status).toBe(200);

    expect(await inRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
  });

  test("that got stuck anywhere is finished by the reconciliation", async () => {
    const sku = aSku({ stock: 5 });
    const sale = await putSale(aSale({ skus: [sku] }));
    const changed = { ...sale, skus: [{ ...sku, stock: 8 }] };
    const hear = givenDeafObjects();
    expect((await put(changed)).status).toBe(503);
    hear();

    await reconciled();

    expect(await inRedis(sale.id)).toEqual(changed);
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
    await reconciled();
    expect(await ledger(sku.id)).toMatchObject({ stocked: 8 });
  });

  test("of the hour or the price binds new orders, not those that were accepted", async () => {
    heldQueue();
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

test("a SKU belongs to one sale, and can move when that one has let it go", async () => {
  heldQueue();
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

test("a sale taken off sells nothing more, and stays off when an old copy comes late", async () => {
  heldQueue();
  const sku = aSku({ price: 100 });
  const sale = await putSale(aSale({ skus: [sku] }));
  const copy = await redis<string>("HGET", KEYS.catalog, sale.id);
  const buyer = await aBuyer();
  await bought(buyer, sku.id);

  expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(204);
  expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(404);
  expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(404);
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ not_found: 1 });
  expect(await ledger(sku.id)).toMatchObject({ held: 1, saleId: null });

  await redis("HSET", KEYS.catalog, sale.id, copy);
  dropSnapshot();
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ not_found: 1 });
  await reconciled();
  expect(await inRedis(sale.id)).toBeNull();
});

test("what is not a sale in Redis is left out, and the others are sold", async () => {
  const sale = await putSale(aSale());
  for (const [i, text] of ["", "x", "1 {}", '1 {"id":"y"}', "1 [", "-1 null"].entries()) {
    await redis("HSET", KEYS.catalog, `broken-${i}`, text);
  }
  dropSnapshot();
  const { body } = await call<{ sales: { id: string }[] }>("GET", "/api/sales");
  expect(body.sales.map(({ id }) => id)).toContain(sale.id);
  expect(body.sales.filter(({ id }) => id.startsWith("broken"))).toEqual([]);
});

test("a sale that was read back is the sale that was written", async () => {
  const sale = await putSale(aSale({ description: "<b>&\"'\u2028 🎟", title: "日本" }));
  expect(saleSchema.parse((await admin("GET", `/sales/${sale.id}`)).body)).toEqual(sale);
});
