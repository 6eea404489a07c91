// From accepted to final: what each answer of the payment provider makes of an order, its units and the
// money. The sandbox decides by token here; saga-gateway.test.ts has
// it slow and down, saga-late.test.ts has money that lands late.
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
} from "./saga-world.ts";

beforeAll(emptyRedis);

const inReadModel = async ({ buyer }: { buyer: Buyer }) => (await readModelOf(buyer.id))[0];

test.each(["tok_ok", "tok_slow"])("%s: charged once and confirmed", async (paymentToken) => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, amount: PRICE });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, held: 0, unacknowledged: 0 });
});

test("several units are charged together", async () => {
  const sale = await givenPaid({ perUserLimit: 3 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_ok", quantity: 3 });

  await deliver([purchase.message]);

  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, amount: 3 * PRICE });
});

test("declined: cancelled with the reason, the unit goes to the next buyer", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  const declined = { status: "cancelled", reason: "card_declined", payment: "declined" };
  expect(await inReadModel(purchase)).toMatchObject(declined);
  const shown = await showOrder(purchase.buyer, purchase.order.id);
  expect(shown.body).toMatchObject(declined);
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0, unacknowledged: 0 });
  // Also for the same buyer, with another card.
  await bought(purchase.buyer, sale.skuId, { paymentToken: "tok_ok" });
});

test("an error, then fine: reserved meanwhile, then confirmed, charged once", async () => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken: "tok_error_then_ok" });

  expect((await deliver([purchase.message])).retried).toEqual([purchase.message]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved", payment: "due" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("timed out but charged: found, confirmed, charged once", async () => {
  const paymentToken = "tok_timeout_but_charged";
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  expect((await deliver([purchase.message])).retried).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, attempts: 2 });
}, 20_000);

test("a message delivered many times, also at once, charges once", async () => {
  const purchase = await givenOrder(await givenPaid());
  const { message } = purchase;

  await Promise.all([deliver([message, message]), deliver([message]), deliver([message])]);
  await deliver([message]);

  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed", version: 2 });
});

test("what is free never reaches the gateway", async () => {
  const sale = await givenPaid({ price: 0 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });
  const gateway = new TestGateway();

  expect((await deliverTo(gateway, [purchase.message])).acked).toHaveLength(1);

  expect(gateway.calls).toEqual([]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
});

test("reserved without a token: readable, charged only once it is paid", async () => {
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

test("paying twice is one payment; another card is refused while the first is tried", async () => {
  const purchase = await givenOrder(await givenPaid(), {});

  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect((await pay(purchase, "tok_slow")).code).toBe("order_not_payable");

  await deliver([purchase.message, purchase.message]);
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("who has given the unit back can buy again; the order is final", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, {});

  expect((await cancel(purchase)).body).toMatchObject({ status: "cancelled", reason: "buyer" });
  expect((await cancel(purchase)).status).toBe(200);
  expect((await pay(purchase, "tok_ok")).code).toBe("order_not_payable");

  expect((await order(purchase.buyer, sale.skuId)).status).toBe(202);
});
