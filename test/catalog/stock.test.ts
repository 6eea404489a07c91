// Changing the stock: through the sale document, and through restocks.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { registryOf } from "../../src/catalog/store.ts";
import worker from "../../src/index.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { inside, putToSleep } from "../inventory/object.ts";
import { admin, call } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  ledger,
  order,
  putSale,
  suppressLiveStock,
  tally,
  unique,
} from "../support/shop.ts";
import { saleInRedis } from "./catalog-copy.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const put = (sale: ReturnType<typeof aSale>) => admin("PUT", `/sales/${sale.id}`, { body: sale });

test("refuses a stock below what is held or sold", async () => {
  captureQueue();
  const sku = aSku({ stock: 3 });
  const sale = await putSale(aSale({ skus: [sku] }));
  await bought(await aBuyer(), sku.id);
  await bought(await aBuyer(), sku.id);

  expect(await put({ ...sale, skus: [{ ...sku, stock: 1 }] })).toMatchObject({
    status: 409,
    code: "stock_below_committed",
    body: { issues: [{ path: "skus.0.stock", message: expect.stringContaining("2") }] },
  });
  expect((await put({ ...sale, skus: [{ ...sku, stock: 2 }] })).status).toBe(200);
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ sold_out: 1 });
});

test("applies a restock once per key, and removes free units only", async () => {
  captureQueue();
  const sku = aSku({ stock: 1 });
  await putSale(aSale({ skus: [sku] }));
  await bought(await aBuyer(), sku.id);
  const restock = (quantity: unknown, key = unique("restock")) =>
    admin("POST", `/skus/${sku.id}/restock`, {
      body: { quantity },
      headers: { "idempotency-key": key },
    });

  const key = unique("restock");
  const answers = await Promise.all([1, 2, 3, 4].map(() => restock(5, key)));
  expect(tally(answers)).toEqual({ 200: 4 });
  expect(await ledger(sku.id)).toMatchObject({ stocked: 6, available: 5 });
  expect(await restock(4, key)).toMatchObject({ status: 422, code: "idempotency_key_reused" });
  for (const bad of [-6, 0, 0.5, "1", null, 1e9, -1e9]) {
    expect(await restock(bad)).toMatchObject({ status: 400, code: "invalid_request" });
  }
  expect((await restock(-5)).status).toBe(200);
  expect(await ledger(sku.id)).toMatchObject({ stocked: 1, available: 0 });
  expect(
    (
      await admin("POST", "/skus/never-was/restock", {
        body: { quantity: 1 },
        headers: { "idempotency-key": "k" },
      })
    ).status,
  ).toBe(404);
});

interface View {
  skus: { id: string; stock: number; stocked: number }[];
  warnings?: { path: string; message: string }[];
}

const restock = (skuId: string, quantity: number, key = unique("restock")) =>
  admin<{ stocked: number }>("POST", `/skus/${skuId}/restock`, {
    body: { quantity },
    headers: { "idempotency-key": key },
  });
const show = (saleId: string) => admin<View>("GET", `/sales/${saleId}`);

/** The stock of a SKU in the admin API (`stock`, `stocked`), the ledger, and the copy in Redis. */
async function allStocks(saleId: string, skuId: string): Promise<number[]> {
  const [{ body }, { stocked }, copy] = await Promise.all([
    show(saleId),
    ledger(skuId),
    saleInRedis(saleId),
  ]);
  const [sku, copied] = [body.skus.find(({ id }) => id === skuId), copy?.skus[0]];
  return [sku?.stock ?? -1, sku?.stocked ?? -1, stocked, copied?.stock ?? -1];
}

test("a restock changes the document, the object, the copy in Redis, and the ETag; PUT sets the total", async () => {
  const sku = aSku({ stock: 50 });
  const sale = await putSale(aSale({ skus: [sku] }));
  const before = (await show(sale.id)).headers.get("etag");

  const answer = await restock(sku.id, 10);
  expect(answer.body).toMatchObject({ stocked: 60 });
  expect(await allStocks(sale.id, sku.id)).toEqual([60, 60, 60, 60]);
  const after = await show(sale.id);
  expect(after.headers.get("etag")).toBe(answer.headers.get("etag"));
  expect(after.headers.get("etag")).not.toBe(before);

  expect((await put({ ...sale, skus: [{ ...sku, stock: 60 }] })).status).toBe(200);
  expect(await allStocks(sale.id, sku.id)).toEqual([60, 60, 60, 60]);
  expect((await restock(sku.id, -20)).status).toBe(200);
  expect(await allStocks(sale.id, sku.id)).toEqual([40, 40, 40, 40]);
});

test("refuses a restock beyond the maximum number of units", async () => {
  const sku = aSku({ stock: 999_990 });
  const sale = await putSale(aSale({ skus: [sku] }));
  expect(await restock(sku.id, 11)).toMatchObject({
    status: 400,
    body: { issues: [{ path: "quantity" }] },
  });
  expect(await allStocks(sale.id, sku.id)).toEqual([999_990, 999_990, 999_990, 999_990]);
  expect((await restock(sku.id, 10)).status).toBe(200);
  expect((await call("GET", `/api/sales/${sale.id}`)).status).toBe(200);
});

test("a restock that only reached the registry is completed once, by a retry or by the scheduled run", async () => {
  const [first, second] = [aSku({ stock: 5 }), aSku({ stock: 5 })];
  const sale = await putSale(aSale({ skus: [first, second] }));
  const failing = vi.spyOn(SkuInventory.prototype, "configure").mockImplementation(() => {
    throw new Error("unreachable");
  });
  onTestFinished(() => failing.mockRestore());
  const key = unique("restock");
  for (const { id } of [first, second]) {
    expect(await restock(id, 3, key)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining("registered") },
    });
  }
  failing.mockRestore();

  expect(await restock(first.id, 3, key)).toMatchObject({ status: 200, body: { stocked: 8 } });
  await worker.scheduled(createScheduledController(), env);
  expect(await ledger(second.id)).toMatchObject({ stocked: 8 });
  expect((await show(sale.id)).body.skus.map(({ stock, stocked }) => [stock, stocked])).toEqual([
    [8, 8],
    [8, 8],
  ]);
});

test("does not apply a restock again whose key is stored in the object, as in an earlier release", async () => {
  const sku = aSku({ stock: 5 });
  await putSale(aSale({ skus: [sku] }));
  await inside(sku.id, (_, { storage }) =>
    storage.sql.exec("INSERT INTO restocks VALUES ('old', 3)"),
  );
  const again = await restock(sku.id, 3, "old");
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  expect(await restock(sku.id, 4, "old")).toMatchObject({ status: 422 });
  expect(await ledger(sku.id)).toMatchObject({ stocked: 5 });
});

test("the scheduled run adds units to the document that an earlier release only added to the object", async () => {
  suppressLiveStock();
  const sku = aSku({ stock: 5 });
  const sale = await putSale(aSale({ skus: [sku] }));
  await inside(sku.id, (_, { storage }) => {
    const [{ document }] = storage.sql.exec("SELECT document FROM setup").toArray() as [
      { document: string },
    ];
    const old = { ...JSON.parse(document), configuredStock: 5, stocked: 8 };
    storage.sql.exec("UPDATE setup SET document = ?", JSON.stringify(old));
  });
  await putToSleep(sku.id);
  await worker.scheduled(createScheduledController(), env);
  await worker.scheduled(createScheduledController(), env);
  expect(await allStocks(sale.id, sku.id)).toEqual([8, 8, 8, 8]);
});

test("a PUT with too little stock names every such SKU and changes nothing", async () => {
  captureQueue();
  const skus = [aSku({ stock: 5 }), aSku({ stock: 5, perUserLimit: 3 }), aSku({ stock: 5 })];
  const sale = await putSale(aSale({ skus }));
  await bought(await aBuyer(), skus[1]?.id as string, { quantity: 3 });
  await bought(await aBuyer(), skus[2]?.id as string);
  const before = await show(sale.id);
  const lower = { ...sale, title: "Lower", skus: skus.map((sku) => ({ ...sku, stock: 0 })) };
  expect(await put(lower)).toMatchObject({
    status: 409,
    code: "stock_below_committed",
    body: { issues: [{ path: "skus.1.stock" }, { path: "skus.2.stock" }] },
  });
  const after = await show(sale.id);
  expect([after.body, after.headers.get("etag")]).toEqual([
    before.body,
    before.headers.get("etag"),
  ]);
});

test("a purchase during a reduction of the stock keeps its units, and the document is corrected", async () => {
  captureQueue();
  const sku = aSku({ stock: 5, perUserLimit: 4 });
  const sale = await putSale(aSale({ skus: [sku] }));
  const buyer = await aBuyer();
  // As if the object still had five free units when the PUT checked, and was configured after the purchase.
  await registryOf(env).put({ ...sale, skus: [{ ...sku, stock: 1 }] });
  await bought(buyer, sku.id, { quantity: 4 });
  await worker.scheduled(createScheduledController(), env);
  await worker.scheduled(createScheduledController(), env);
  expect(await allStocks(sale.id, sku.id)).toEqual([4, 4, 4, 4]);
});

describe("a PUT of a sale whose SKUs sold earlier", () => {
  const again = async (change: (sale: ReturnType<typeof aSale>) => ReturnType<typeof aSale>) => {
    captureQueue();
    const sku = aSku({ stock: 2 });
    const sale = await putSale(aSale({ skus: [sku] }));
    await bought(await aBuyer(), sku.id);
    await bought(await aBuyer(), sku.id);
    const answer = await admin<View>("PUT", `/sales/${sale.id}`, { body: change(sale) });
    return { sale, sku, answer };
  };

  test("warns how many units are taken if the sale is postponed", async () => {
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    const { answer } = await again((sale) => ({ ...sale, opensAt: at(1), closesAt: at(2) }));
    expect(answer.status).toBe(200);
    expect(answer.body.warnings).toEqual([
      { path: "skus.0.stock", message: expect.stringContaining("0 of 2 are free") },
    ]);
  });

  test("warns how many units are taken if the sale was deleted", async () => {
    const { sale } = await again((same) => same);
    await admin("DELETE", `/sales/${sale.id}`);
    const answer = await admin<View>("PUT", `/sales/${sale.id}`, { body: sale });
    expect([answer.status, answer.body.warnings?.length]).toEqual([201, 1]);
  });

  test("warns how many units are taken if the SKU sold in another sale", async () => {
    const { sale, sku } = await again((same) => same);
    await admin("DELETE", `/sales/${sale.id}`);
    const other = aSale({ skus: [{ ...sku, stock: 5 }] });
    const answer = await admin<View>("PUT", `/sales/${other.id}`, { body: other });
    expect(answer.body.warnings?.[0]?.message).toContain("3 of 5 are free");
  });

  test("has no warning while the sale is open", async () => {
    const { answer } = await again((sale) => ({ ...sale, title: "Another" }));
    expect(answer.body).not.toHaveProperty("warnings");
  });
});
