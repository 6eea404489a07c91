// The operator's hand on the stock: by the sale document, and by restocking.
import { beforeAll, beforeEach, expect, test } from "vitest";
import { admin } from "../support/http.ts";
import { heldQueue } from "../support/queue.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  ledger,
  order,
  putSale,
  tally,
  unique,
} from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const put = (sale: ReturnType<typeof aSale>) => admin("PUT", `/sales/${sale.id}`, { body: sale });

test("stock is never lowered below what buyers have", async () => {
  heldQueue();
  const sku = aSku({ stock: 3 });
  const sale = await putSale(aSale({ skus: [sku] }));
  await bought(await aBuyer(), sku.id);
  await bought(await aBuyer(), sku.id);

  expect(await put({ ...sale, skus: [{ ...sku, stock: 1 }] })).toMatchObject({
    status: 400,
    body: { issues: [{ path: "skus.0.stock" }] },
  });
  expect((await put({ ...sale, skus: [{ ...sku, stock: 2 }] })).status).toBe(200);
  expect(tally([await order(await aBuyer(), sku.id)])).toEqual({ sold_out: 1 });
});

test("units are restocked once for each key, and taken back only as far as it is free", async () => {
  heldQueue();
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
