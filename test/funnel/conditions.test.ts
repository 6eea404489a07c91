// Writes under a condition (RFC 9110, section 13): one that is false stops the write before it does anything.
import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, call, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, bought, ledger, onSale, showOrder, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

async function stage() {
  captureQueue();
  const skuId = await onSale({ stock: 5, price: 100, perUserLimit: 5 });
  const buyer = await aBuyer();
  const order = await bought(buyer, skuId);
  const write = (condition: Record<string, string>, method: string, path: string, body?: unknown) =>
    call(method, path, {
      token: path.startsWith("/api/admin") ? ADMIN_TOKEN : buyer.token,
      body,
      headers: { "idempotency-key": unique("key"), ...condition },
    });
  return { skuId, buyer, order, write };
}

describe.each([
  { "if-match": '"some-version"' },
  { "if-match": 'W/"some-version", "another"' },
  { "if-match": "*" },
])("with %j", (condition) => {
  test("what has no version is not made, paid, or restocked", async () => {
    const { skuId, buyer, order, write } = await stage();
    const answers = [
      await write(condition, "POST", `/api/skus/${skuId}/orders`, { quantity: 1 }),
      await write(condition, "POST", `/api/orders/${order.id}/payment`, { paymentToken: "tok_ok" }),
      await write(condition, "POST", `/api/admin/skus/${skuId}/restock`, { quantity: 5 }),
      await write(condition, "PUT", "/api/admin/denylist/user/somebody", {}),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 412, code: "precondition_failed" });
      expect(contractFaults(answer)).toEqual([]);
    }
    expect(await ledger(skuId)).toMatchObject({ stocked: 5, held: 1 });
    expect((await showOrder(buyer, order.id)).body.payment).toBeUndefined();
  });
});

test("an order is given back if it exists, and never if it must not", async () => {
  const { skuId, order, write } = await stage();
  const giveBack = (condition: Record<string, string>) =>
    write(condition, "DELETE", `/api/orders/${order.id}`);
  expect((await giveBack({ "if-match": '"x"' })).status).toBe(412);
  expect((await giveBack({ "if-none-match": "*" })).status).toBe(412);
  expect(await ledger(skuId)).toMatchObject({ held: 1 });
  expect((await giveBack({ "if-match": "*" })).status).toBe(200);
});

test("conditions that are true change nothing", async () => {
  const { skuId, write } = await stage();
  for (const condition of [{ "if-none-match": "*" }, { "if-none-match": '"x"' }]) {
    const answer = await write(condition, "POST", `/api/skus/${skuId}/orders`, { quantity: 1 });
    expect(answer.status).toBe(202);
  }
});

test("where nothing is to be written, conditions count for nothing", async () => {
  const { write } = await stage();
  expect((await write({ "if-match": '"x"' }, "POST", "/api/nowhere")).status).toBe(404);
  expect((await write({ "if-match": '"x"' }, "PUT", "/api/sales")).status).toBe(405);
  expect((await write({ "if-match": '"x"' }, "GET", "/api/orders")).status).toBe(200);
});
