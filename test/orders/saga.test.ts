// From accepted to final: what each answer of the payment provider does to an order, its units and its money.
// The sandbox gateway chooses the answer by token. saga-gateway.test.ts covers a slow or failing gateway, and
// saga-late.test.ts covers late money.
import { beforeAll, expect, test } from "vitest";
import { deliver } from "../support/queue.ts";
import { emptyRedis, readModelOf } from "../support/redis.ts";
import { type Buyer, bought, ledger, order, showOrder } from "../support/shop.ts";
import {
  bankEntry,
  cancel,
  deliverTo,
  givenOrder,
  givenPaid,
  nextMessage,
  PRICE,
  pay,
  TestGateway,
} from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const inReadModel = async ({ buyer }: { buyer: Buyer }) => (await readModelOf(buyer.id))[0];

test.each(["tok_ok", "tok_slow"])("charges once and confirms (%s)", async (paymentToken) => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, amount: PRICE });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, held: 0, unacknowledged: 0 });
});

test("charges several units in one payment", async () => {
  const sale = await givenPaid({ perUserLimit: 3 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_ok", quantity: 3 });

  await deliver([purchase.message]);

  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, amount: 3 * PRICE });
});

test("cancels a declined order with the reason, and puts its unit back on sale", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  const declined = { status: "cancelled", reason: "card_declined", payment: "declined" };
  expect(await inReadModel(purchase)).toMatchObject(declined);
  const shown = await showOrder(purchase.buyer, purchase.order.id);
  expect(shown.body).toMatchObject(declined);
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0, unacknowledged: 0 });
  // The same buyer may try again with another card.
  await bought(purchase.buyer, sale.skuId, { paymentToken: "tok_ok" });
});

test("keeps an order reserved after a gateway error, then charges it once and confirms", async () => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken: "tok_error_then_ok" });

  expect((await deliver([purchase.message])).retried).toEqual([purchase.message]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved", payment: "due" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("finds a charge that succeeded after a timeout, and does not charge again", async () => {
  const paymentToken = "tok_timeout_but_charged";
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  expect((await deliver([purchase.message])).retried).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, attempts: 2 });
}, 20_000);

test("charges once if a message is delivered many times, even concurrently", async () => {
  const purchase = await givenOrder(await givenPaid());
  const { message } = purchase;

  await Promise.all([deliver([message, message]), deliver([message]), deliver([message])]);
  await deliver([message]);

  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed", version: 2 });
});

test("confirms a free order without calling the gateway", async () => {
  const sale = await givenPaid({ price: 0 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });
  const gateway = new TestGateway();

  expect((await deliverTo(gateway, [purchase.message])).acked).toHaveLength(1);

  expect(gateway.calls).toEqual([]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
});

test("charges an order without a payment token only after the buyer pays", async () => {
  const sale = await givenPaid();
  const purchase = await givenOrder(sale, {});
  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });
  expect(await bankEntry(purchase.order)).toBeUndefined();

  const paid = await pay(purchase, "tok_ok");
  expect([paid.status, paid.body.payment]).toEqual([202, "due"]);
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);

  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("treats a repeated payment as one, and refuses another card while the first is being charged", async () => {
  const purchase = await givenOrder(await givenPaid(), {});

  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect((await pay(purchase, "tok_slow")).code).toBe("order_not_payable");

  await deliver([purchase.message, purchase.message]);
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("lets a buyer order again after a cancellation, which is final", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, {});

  expect((await cancel(purchase)).body).toMatchObject({ status: "cancelled", reason: "buyer" });
  expect((await cancel(purchase)).status).toBe(200);
  expect((await pay(purchase, "tok_ok")).code).toBe("order_not_payable");

  expect((await order(purchase.buyer, sale.skuId)).status).toBe(202);
});
