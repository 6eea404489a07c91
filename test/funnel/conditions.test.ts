// Conditional writes (RFC 9110, section 13): a false condition stops the write before it has any effect.
import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, call, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, bought, ledger, onSale, showOrder, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

async function givenOrder() {
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
  test("refuses to create, restock, or deny anything that has no version", async () => {
    const { skuId, write } = await givenOrder();
    const answers = [
      await write(condition, "POST", `/api/skus/${skuId}/orders`, { quantity: 1 }),
      await write(condition, "POST", `/api/admin/skus/${skuId}/restock`, { quantity: 5 }),
      await write(condition, "PUT", "/api/admin/denylist/user/somebody", {}),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 412, code: "precondition_failed" });
      expect(contractFaults(answer)).toEqual([]);
    }
    expect(await ledger(skuId)).toMatchObject({ stocked: 5, held: 1 });
  });
});

test("pays for an order with If-Match: *, but not with a false condition", async () => {
  const { buyer, order, write } = await givenOrder();
  const pay = (condition: Record<string, string>) =>
    write(condition, "POST", `/api/orders/${order.id}/payment`, { paymentToken: "tok_ok" });
  for (const condition of [{ "if-match": '"x"' }, { "if-none-match": "*" }]) {
    const answer = await pay(condition);
    expect(answer).toMatchObject({ status: 412, code: "precondition_failed" });
    expect(contractFaults(answer)).toEqual([]);
  }
  expect((await showOrder(buyer, order.id)).body.payment).toBeUndefined();
  expect((await pay({ "if-match": "*" })).status).toBe(202);
});

test("cancels an order with If-Match: *, but not with a false condition", async () => {
  const { skuId, order, write } = await givenOrder();
  const cancel = (condition: Record<string, string>) =>
    write(condition, "DELETE", `/api/orders/${order.id}`);
  expect((await cancel({ "if-match": '"x"' })).status).toBe(412);
  expect((await cancel({ "if-none-match": "*" })).status).toBe(412);
  expect(await ledger(skuId)).toMatchObject({ held: 1 });
  expect((await cancel({ "if-match": "*" })).status).toBe(200);
});

test("accepts an order when the condition is true", async () => {
  const { skuId, write } = await givenOrder();
  for (const condition of [{ "if-none-match": "*" }, { "if-none-match": '"x"' }]) {
    const answer = await write(condition, "POST", `/api/skus/${skuId}/orders`, { quantity: 1 });
    expect(answer.status).toBe(202);
  }
});

test("ignores conditions on requests that write nothing", async () => {
  const { write } = await givenOrder();
  expect((await write({ "if-match": '"x"' }, "POST", "/api/nowhere")).status).toBe(404);
  expect((await write({ "if-match": '"x"' }, "PUT", "/api/sales")).status).toBe(405);
  expect((await write({ "if-match": '"x"' }, "GET", "/api/orders")).status).toBe(200);
});
