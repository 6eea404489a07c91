// The operator's refund through the API, the saga and the fake Stripe: units and money come back together, once per key.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import worker from "../../src/index.ts";
import type { Order } from "../../src/inventory/order.ts";
import { deliverTo, givenOrder, givenPaid, PRICE, type Purchase } from "../orders/saga-fixtures.ts";
import { booksOf, finishRefund, gateway, refundAtStripe } from "../payments/stripe-fixtures.ts";
import { deliverNext, requestRefund } from "../payments/stripe-orders.ts";
import { admin } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { ledger, showOrder, unique } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const GOOD_CARD = "pm_card_visa";

/** Given a confirmed order of `quantity` of 5 units. */
async function givenConfirmed({
  quantity = 1,
  price = PRICE,
  paymentToken = GOOD_CARD,
} = {}): Promise<Purchase> {
  const sale = await givenPaid({ stock: 5, perUserLimit: 5, price });
  const options = price > 0 ? { quantity, paymentToken } : { quantity };
  const purchase = await givenOrder(sale, options);
  await deliverTo(gateway(), [purchase.message]);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed", refundedQuantity: 0 });
  return purchase;
}

const shown = async ({ buyer, order }: Purchase) => (await showOrder(buyer, order.id)).body;

/** The order as its ledger has it. Buyers see a change once the consumer has published it. */
async function inLedger({ skuId, order }: Purchase) {
  const { body } = await admin<{ orders: Order[] }>("GET", `/skus/${skuId}/orders`);
  return body.orders.find(({ id }) => id === order.id);
}

const usd = (amount: number) => ({ amount, currency: "USD" });

test("refunds a whole order: the money first, then status and units", async () => {
  const purchase = await givenConfirmed({ quantity: 2 });

  const accepted = await requestRefund(purchase, {});
  expect(accepted.status).toBe(202);
  expect(accepted.body).toMatchObject({ quantity: 2, amount: usd(2 * PRICE), backOnSale: true });
  expect(await inLedger(purchase)).toMatchObject({ status: "confirmed", payment: "refund_due" });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 2, available: 3 });
  expect((await deliverNext(purchase)).acked).toHaveLength(1);

  expect(await shown(purchase)).toMatchObject({
    status: "refunded",
    payment: "refunded",
    refunded: usd(2 * PRICE),
    refundedQuantity: 2,
  });
  expect(await ledger(purchase.skuId)).toMatchObject({ stocked: 5, sold: 0, available: 5 });
  expect(await booksOf({ orderId: purchase.order.id })).toMatchObject({
    charges: 1,
    amountRefunded: 2 * PRICE,
  });
});

test("refunds units one after the other until everything is returned, and nothing more", async () => {
  const purchase = await givenConfirmed({ quantity: 3 });
  const { id: orderId } = purchase.order;

  await requestRefund(purchase, { quantity: 1 });
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({
    status: "confirmed",
    payment: "charged",
    refunded: usd(PRICE),
    refundedQuantity: 1,
  });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 2, available: 3 });
  expect(await requestRefund(purchase, { quantity: 3 })).toMatchObject({
    status: 400,
    body: { issues: [{ path: "quantity", message: "only 2 units are left to refund" }] },
  });

  await requestRefund(purchase, {});
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "refunded", refunded: usd(3 * PRICE) });
  expect(await requestRefund(purchase, {})).toMatchObject({
    status: 409,
    code: "order_not_cancellable",
  });
  expect(await booksOf({ orderId })).toMatchObject({ refunds: 2, amountRefunded: 3 * PRICE });
});

test("takes units that do not go back on sale out of the stock, for good", async () => {
  const purchase = await givenConfirmed({ quantity: 2 });
  const { skuId } = purchase;

  await requestRefund(purchase, { quantity: 1, backOnSale: false });
  await deliverNext(purchase);
  expect(await ledger(skuId)).toMatchObject({ stocked: 4, sold: 1, held: 0, available: 3 });

  // The registry has not heard of it when the operator adds units.
  const headers = { "idempotency-key": unique("restock") };
  const restocked = await admin("POST", `/skus/${skuId}/restock`, {
    body: { quantity: 2 },
    headers,
  });
  expect(restocked.body).toMatchObject({ stocked: 6, sold: 1, available: 5 });
  await requestRefund(purchase, { backOnSale: false });
  await deliverNext(purchase);
  expect(await ledger(skuId)).toMatchObject({ stocked: 5, sold: 0, available: 5 });

  await worker.scheduled(createScheduledController({ scheduledTime: new Date() }), env);
  const { body: sale } = await admin("GET", `/sales/${purchase.order.saleId}`);
  expect(sale).toMatchObject({ skus: [{ stock: 5, stocked: 5 }] });
  expect((await admin("PUT", `/sales/${purchase.order.saleId}`, { body: sale })).status).toBe(200);
  expect(await ledger(skuId)).toMatchObject({ stocked: 5, available: 5 });
});

test("answers a repeated key with the same body, and refuses it for another refund", async () => {
  const purchase = await givenConfirmed({ quantity: 2 });
  const key = unique("refund");
  const body = { quantity: 1 };

  const first = await requestRefund(purchase, body, key);
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  await deliverNext(purchase);
  const again = await requestRefund(purchase, body, key);

  expect(again).toMatchObject({ status: 202, body: first.body });
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  for (const other of [
    { quantity: 2 },
    {},
    { ...body, backOnSale: false },
    { ...body, reason: "x" },
  ]) {
    expect((await requestRefund(purchase, other, key)).code).toBe("idempotency_key_reused");
  }
  expect(await shown(purchase)).toMatchObject({ refundedQuantity: 1 });
});

test("accepts racing refunds only as far as there are units", async () => {
  const purchase = await givenConfirmed({ quantity: 2 });

  const answers = await Promise.all([1, 2, 3].map(() => requestRefund(purchase, { quantity: 1 })));
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 409]);
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "refunded", refunded: usd(2 * PRICE) });
  const books = await booksOf({ orderId: purchase.order.id });
  expect(books).toMatchObject({ refunds: 2, amountRefunded: 2 * PRICE });
});

test("never returns more than was paid beside a refund made at Stripe", async () => {
  const purchase = await givenConfirmed({ quantity: 2 });
  const { id: orderId } = purchase.order;
  await refundAtStripe({ orderId }, PRICE + 1);

  await requestRefund(purchase, {});
  await deliverNext(purchase);

  const reason = "exceeds_what_is_left";
  expect(await shown(purchase)).toMatchObject({
    status: "confirmed",
    payment: "refund_failed",
    reason,
    refunded: usd(PRICE + 1),
  });
  expect(await ledger(purchase.skuId)).toMatchObject({
    sold: 2,
    refundsFailed: [{ orderId, userId: purchase.buyer.id }],
  });
  // Stripe's total is known now, so the next refund is about the rest.
  await requestRefund(purchase, {});
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "refunded", payment: "refunded" });
  expect(await booksOf({ orderId })).toMatchObject({ amountRefunded: 2 * PRICE });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 0, refundsFailed: [] });
});

test("shows a refund as on its way until the bank accepts it, and as failed if the bank returns it", async () => {
  const purchase = await givenConfirmed({ paymentToken: "pm_fake_refund_pending" });
  const { id: orderId } = purchase.order;
  await requestRefund(purchase, {});
  expect((await deliverNext(purchase)).retried).toHaveLength(1);
  const onItsWay = { status: "confirmed", payment: "refund_due", refunded: usd(0) };
  expect(await shown(purchase)).toMatchObject(onItsWay);

  await finishRefund({ orderId }, "no");
  await deliverTo(gateway(), [purchase.message]);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "refund_failed" });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, refundsFailed: [{ orderId }] });
});

test("refunds a free order by its units alone", async () => {
  const purchase = await givenConfirmed({ quantity: 3, price: 0 });

  await requestRefund(purchase, { quantity: 2 });
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed", refundedQuantity: 2 });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, available: 4 });
  await requestRefund(purchase, { backOnSale: false });
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "refunded", refundedQuantity: 3 });
  expect(await ledger(purchase.skuId)).toMatchObject({ stocked: 4, sold: 0, available: 4 });
});

describe("a refund is refused", () => {
  test("for an order that is not confirmed, and for one that does not exist", async () => {
    const purchase = await givenOrder(await givenPaid(), { paymentToken: GOOD_CARD });
    const { order } = purchase;

    expect(await requestRefund(purchase, {})).toMatchObject({
      status: 409,
      code: "order_not_cancellable",
    });
    const id = `${order.id.slice(0, -20)}${"a".repeat(20)}`;
    expect((await requestRefund({ order: { ...order, id } }, {})).status).toBe(404);
    expect((await requestRefund({ order: { ...order, id: "nonsense" } }, {})).status).toBe(404);
    expect(await ledger(purchase.skuId)).toMatchObject({ held: 1, sold: 0 });
  });

  test.each([
    ["an unknown field", { amount: 5 }],
    ["no units", { quantity: 0 }],
    ["a fraction of a unit", { quantity: 0.5 }],
    ["a quantity that is null", { quantity: null }],
    ["no word on the units", { backOnSale: undefined }],
    ["no reason", { reason: " " }],
  ])("with %s", async (_, body) => {
    const purchase = await givenConfirmed();
    expect((await requestRefund(purchase, body)).code).toBe("invalid_request");
    expect(await shown(purchase)).toMatchObject({ payment: "charged" });
  });

  test("without a key", async () => {
    const purchase = await givenConfirmed();
    const body = { backOnSale: true, reason: "x" };
    const answer = await admin("POST", `/orders/${purchase.order.id}/refund`, { body });
    expect(answer.code).toBe("idempotency_key_required");
  });
});
