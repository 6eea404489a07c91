// Money that arrives after the hold ended or the order was cancelled. It buys the units if stock and limit allow,
// otherwise it is refunded exactly once, and the buyer's order shows that.
import { beforeAll, expect, test } from "vitest";
import { requestRefund } from "../payments/stripe-orders.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, ledger, order, showOrder, until } from "../support/shop.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  PRICE,
  type Purchase,
  pay,
  shown,
  TestGateway,
} from "./saga-fixtures.ts";

beforeAll(emptyRedis);

/** An expired order that was charged, but whose answer from the gateway was lost. */
async function givenLateMoney({ stock = 1 } = {}) {
  const holds = givenHolds();
  const sale = await givenPaid({ stock });
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  gateway.mute = true;
  await deliverTo(gateway, [purchase.message]);
  gateway.mute = false;
  holds.end();
  // Any call makes the object expire the hold.
  expect(await ledger(sale.skuId)).toMatchObject({ available: stock, held: 0 });
  return { ...purchase, gateway };
}

test("confirms an expired order after all if units are left", async () => {
  const late = await givenLateMoney();

  await deliverTo(late.gateway, [await nextMessage(late.queue, late.order.id)]);

  expect(await shown(late)).toEqual({ status: "confirmed", payment: "charged" });
  expect(await ledger(late.skuId)).toMatchObject({ sold: 1, available: 0, unacknowledged: 0 });
  expect(late.gateway.refunded.size).toBe(0);
});

test("refunds an expired order once if no units are left, even if its message is redelivered", async () => {
  const late = await givenLateMoney();
  const winner = await givenOrder(late);
  await deliverTo(late.gateway, [winner.message]);

  const message = await nextMessage(late.queue, late.order.id);
  expect((await deliverTo(late.gateway, [message])).acked).toHaveLength(1);
  await deliverTo(late.gateway, [message, message]);

  expect(await shown(late)).toEqual({ status: "refunded", payment: "refunded" });
  const refunds = late.gateway.calls.filter((call) => call.startsWith("refund"));
  expect(refunds).toEqual([`refund ${late.order.id}`]);
  expect(await ledger(late.skuId)).toMatchObject({ sold: 1, available: 0, unacknowledged: 0 });
});

test("refunds an expired order if the buyer has reached the limit with another order", async () => {
  const late = await givenLateMoney({ stock: 5 });
  const second = await givenOrder(late, { buyer: late.buyer, paymentToken: "tok_ok" });
  await deliverTo(late.gateway, [second.message]);

  await deliverTo(late.gateway, [await nextMessage(late.queue, late.order.id)]);

  expect(late.gateway.refunded).toEqual(new Set([late.order.id]));
  expect((await showOrder(late.buyer, late.order.id)).body.status).toBe("refunded");
  expect((await showOrder(late.buyer, second.order.id)).body.status).toBe("confirmed");
  expect(await ledger(late.skuId)).toMatchObject({ sold: 1, available: 4 });
});

test("retries a failed refund, and shows it as due until it succeeds", async () => {
  const late = await givenLateMoney();
  await givenOrder(late);
  const message = await nextMessage(late.queue, late.order.id);
  const refund = late.gateway.refund.bind(late.gateway);
  late.gateway.refund = () => Promise.reject(new Error("down"));

  expect((await deliverTo(late.gateway, [message])).retried).toHaveLength(1);
  expect(await shown(late)).toEqual({ status: "expired", payment: "refund_due" });

  late.gateway.refund = refund;
  expect((await deliverTo(late.gateway, [message])).acked).toHaveLength(1);
  expect(await shown(late)).toEqual({ status: "refunded", payment: "refunded" });
});

test("lets the operator return late money again after its refund failed, once", async () => {
  const late = await givenLateMoney();
  await givenOrder(late);
  late.gateway.refusing = true;
  await deliverTo(late.gateway, [await nextMessage(late.queue, late.order.id)]);
  expect(await shown(late)).toEqual({ status: "expired", payment: "refund_failed" });

  expect((await requestRefund(late, { quantity: 1 })).code).toBe("invalid_request");
  const { status, body } = await requestRefund(late, {}, "again");
  expect(status).toBe(202);
  expect(body).toMatchObject({ quantity: 0, amount: { amount: PRICE, currency: "USD" } });
  expect((await requestRefund(late, {}, "twice")).code).toBe("order_not_cancellable");
  late.gateway.refusing = false;
  await deliverTo(late.gateway, [await nextMessage(late.queue, late.order.id)]);

  expect(await shown(late)).toEqual({ status: "refunded", payment: "refunded" });
  expect(late.gateway.refundIds).toEqual(new Set(["again"]));
  expect(await ledger(late.skuId)).toMatchObject({ stocked: 1, held: 1, refundsFailed: [] });
});

test("refunds an order cancelled during its charge, and releases the unit at once", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  const held = gateway.hold(purchase.order);
  const delivery = deliverTo(gateway, [purchase.message]);
  await until("the charge is in progress", () => gateway.calls.length > 0);

  expect((await cancel(purchase)).body.status).toBe("cancelled");
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });

  held.release();
  expect((await delivery).acked).toHaveLength(1);
  await deliverTo(gateway, [await nextMessage(sale.queue, purchase.order.id)]);
  expect(await shown(purchase)).toEqual({ status: "refunded", payment: "refunded" });
  expect([gateway.charged.size, gateway.refunded.size]).toEqual([1, 1]);
});

test("voids the charge of an order that was cancelled first", async () => {
  const sale = await givenPaid();
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  await cancel(purchase);

  expect((await deliverTo(gateway, [purchase.message])).acked).toHaveLength(1);

  expect(gateway.calls).toEqual([`void ${purchase.order.id}`]);
  expect(await shown(purchase)).toEqual({ status: "cancelled", payment: "voided" });
  expect(await ledger(sale.skuId)).toMatchObject({ unacknowledged: 0 });
});

test("confirms an order whose hold ended during its charge", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  const held = gateway.hold(purchase.order);
  const delivery = deliverTo(gateway, [purchase.message]);
  await until("the charge is in progress", () => gateway.calls.length > 0);

  holds.end();
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });
  held.release();

  expect((await delivery).acked).toHaveLength(1);
  expect(await shown(purchase)).toEqual({ status: "confirmed", payment: "charged" });
  expect(await ledger(sale.skuId)).toMatchObject({ sold: 1, unacknowledged: 0 });
});

test("refuses to pay or cancel an order whose hold has ended", async () => {
  const holds = givenHolds();
  const purchase = await givenOrder(await givenPaid(), {});

  holds.end();

  expect((await pay(purchase, "tok_ok")).code).toBe("order_not_payable");
  expect((await cancel(purchase)).code).toBe("order_not_cancellable");
  expect((await showOrder(purchase.buyer, purchase.order.id)).body.status).toBe("expired");
});

test("lets exactly one of a payment, a cancellation and the end of the hold win a race", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 20 });
  const purchases: Purchase[] = [];
  for (let i = 0; i < 20; i += 1) purchases.push(await givenOrder(sale, {}));
  const gateway = new TestGateway();

  const races = purchases.map(async (purchase, i) => {
    if (i === 10) holds.end();
    const [paid, cancelled] = await Promise.all([pay(purchase, "tok_ok"), cancel(purchase)]);
    return { purchase, paid: paid.status === 202, cancelled: cancelled.status === 200 };
  });
  for (const { purchase, paid, cancelled } of await Promise.all(races)) {
    await deliverTo(gateway, [purchase.message]);
    const { status } = (await showOrder(purchase.buyer, purchase.order.id)).body;
    const allowed = cancelled ? ["cancelled"] : paid ? ["expired", "confirmed"] : ["expired"];
    expect(allowed).toContain(status);
    // No buyer was charged without getting the unit.
    expect(gateway.charged.has(purchase.order.id)).toBe(status === "confirmed");
  }
  const { stocked, available, held, sold } = await ledger(sale.skuId);
  expect(stocked).toBe(available + held + sold);
  expect(sold).toBe(gateway.charged.size);
  expect(held).toBe(0);
});

test("keeps a SKU sold out after late money bought its last unit", async () => {
  const late = await givenLateMoney();
  await deliverTo(late.gateway, [await nextMessage(late.queue, late.order.id)]);

  expect((await order(await aBuyer(), late.skuId)).code).toBe("sold_out");
});
