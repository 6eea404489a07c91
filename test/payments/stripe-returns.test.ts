// What Stripe reports by itself about money that goes back: partial refunds, failed refunds and disputes, repeated, late and in
// any order.
import { beforeAll, beforeEach, expect, test } from "vitest";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  PRICE,
  type Purchase,
} from "../orders/saga-fixtures.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aBuyer, ledger, showOrder } from "../support/shop.ts";
import {
  booksOf,
  dispute,
  finishRefund,
  gateway,
  ownEvents,
  post,
  refundAtStripe,
  type StripeEvent,
} from "./stripe-fixtures.ts";
import { deliverNext, requestRefund } from "./stripe-orders.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

type Confirmed = Purchase & { orderId: string; chargeId: string };

const QUANTITY = 2;
const TOTAL = QUANTITY * PRICE;
const usd = (amount: number) => ({ amount, currency: "USD" });

async function givenConfirmed(paymentToken = "pm_card_visa"): Promise<Confirmed> {
  const sale = await givenPaid({ stock: 5, perUserLimit: 5 });
  const purchase = await givenOrder(sale, { quantity: QUANTITY, paymentToken });
  const orderId = purchase.order.id;
  await deliverTo(gateway(), [purchase.message]);
  const [paid] = await ownEvents({ orderId });
  return { ...purchase, orderId, chargeId: String(paid?.data.object.id) };
}

/** Posts the event, and delivers the message that follows if the order changed. */
async function apply(purchase: Confirmed, event: object): Promise<void> {
  expect(await post(event)).toBe(200);
  await deliverNext(purchase);
}

const shown = async ({ buyer, orderId }: Confirmed) =>
  (await showOrder(await aBuyer(buyer.id), orderId)).body;

const at = (event: StripeEvent | undefined, seconds: number) => ({
  ...(event as StripeEvent),
  created: (event as StripeEvent).created + seconds,
});

/** A refund of money alone, reported at these seconds. */
async function givenReports({ orderId }: Confirmed, amounts: number[]): Promise<StripeEvent[]> {
  for (const amount of amounts) await refundAtStripe({ orderId }, amount);
  const events = await ownEvents({ orderId }, "charge.refunded");
  return events.map((event, index) => at(event, index));
}

test("shows money that was refunded at Stripe, and leaves the units with the buyer", async () => {
  const purchase = await givenConfirmed();
  const [first, second] = await givenReports(purchase, [500, 700]);

  await apply(purchase, second as StripeEvent);
  const partly = { status: "confirmed", payment: "charged", refunded: usd(1_200) };
  expect(await shown(purchase)).toMatchObject({ ...partly, refundedQuantity: 0 });
  // Late and repeated events never lower the amount.
  for (const event of [first, second, first]) expect(await post(event as StripeEvent)).toBe(200);

  expect(await shown(purchase)).toMatchObject(partly);
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: QUANTITY, unacknowledged: 0 });
});

test("refunds the order and puts its units back on sale once everything was returned", async () => {
  const purchase = await givenConfirmed();
  const [first] = await givenReports(purchase, [500]);
  await apply(purchase, first as StripeEvent);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed", refunded: usd(500) });
  const [, second] = await givenReports(purchase, [TOTAL - 500]);
  await apply(purchase, second as StripeEvent);

  expect(await shown(purchase)).toMatchObject({
    status: "refunded",
    payment: "refunded",
    refunded: usd(TOTAL),
    refundedQuantity: QUANTITY,
  });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 0, available: 5 });
});

test("ignores refunds of another charge, in another currency, or of more than was paid", async () => {
  const purchase = await givenConfirmed();
  const [report] = await givenReports(purchase, [500]);
  const { object } = (report as StripeEvent).data;
  const before = await shown(purchase);

  for (const more of [
    { payment_intent: "pi_other" },
    { currency: "jpy" },
    { amount_refunded: TOTAL + 1 },
  ]) {
    expect(await post({ ...report, data: { object: { ...object, ...more } } })).toBe(200);
  }

  expect(await shown(purchase)).toEqual(before);
});

test("lowers the amount and alerts the operator when a refund fails, once", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  const [report] = await givenReports(purchase, [500]);
  await apply(purchase, report as StripeEvent);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");

  await apply(purchase, at(failure, 10));
  for (const event of [at(failure, 10), report as StripeEvent]) expect(await post(event)).toBe(200);
  // Stripe reports it twice, perhaps in another second.
  const [update] = await ownEvents({ orderId }, "refund.updated");
  expect(await post(at(update, 11))).toBe(200);

  expect(await shown(purchase)).toMatchObject({
    status: "confirmed",
    payment: "refund_failed",
    reason: "expired_or_canceled_card",
    refunded: usd(0),
  });
  expect(await ledger(skuId)).toMatchObject({
    sold: QUANTITY,
    refundsFailed: [{ orderId, userId: purchase.buyer.id }],
  });
});

test("counts each failed refund once, although Stripe reports it twice and in any order", async () => {
  const purchase = await givenConfirmed();
  const { orderId } = purchase;
  const reports = await givenReports(purchase, [300, 500, 700]);
  for (const report of reports) expect(await post(report)).toBe(200);
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ refunded: usd(1_500) });
  await finishRefund({ orderId }, "no");

  const failures = (await ownEvents({ orderId }, "refund")).slice(-2);
  expect(failures.map(({ type }) => type)).toEqual(["refund.updated", "refund.failed"]);
  const [updated, failed] = failures;
  await apply(purchase, at(failed, 21));
  for (const late of [at(updated, 20), at(updated, 22), at(failed, 21)]) {
    expect(await post(late)).toBe(200);
  }

  expect(await shown(purchase)).toMatchObject({ payment: "refund_failed", refunded: usd(800) });
});

test.each([
  ["takes", "yes", { status: "refunded", payment: "refunded", refunded: usd(TOTAL) }],
  ["returns", "no", { status: "confirmed", payment: "refund_failed", refunded: usd(0) }],
] as const)(
  "says nothing of a refund made at Stripe while it is pending, until the bank %s it",
  async (_, answer, end) => {
    const purchase = await givenConfirmed("pm_fake_refund_pending");
    const { orderId, skuId } = purchase;
    const [report] = await givenReports(purchase, [TOTAL]);

    expect(await post(report as StripeEvent)).toBe(200);
    const before = { status: "confirmed", payment: "charged", refunded: usd(0) };
    expect(await shown(purchase)).toMatchObject(before);
    expect(await ledger(skuId)).toMatchObject({ sold: QUANTITY });

    await finishRefund({ orderId }, answer);
    const [end_] = await ownEvents({ orderId }, "refund.updated");
    await apply(purchase, at(end_, 5));
    expect(await shown(purchase)).toMatchObject(end);
  },
);

test("hears of a failed refund also from an old API version of Stripe", async () => {
  const purchase = await givenConfirmed();
  const { orderId } = purchase;
  await refundAtStripe({ orderId }, 500);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");

  await apply(purchase, { ...(failure as StripeEvent), type: "charge.refund.updated" });

  expect(await shown(purchase)).toMatchObject({ payment: "refund_failed", refunded: usd(0) });
});

test("hears of a refund by the event of its creation alone", async () => {
  const purchase = await givenConfirmed();
  await refundAtStripe(purchase, 500);
  const [creation] = await ownEvents(purchase, "refund.created");

  // Events of the shop's own account name no account, or null.
  await apply(purchase, { ...(creation as StripeEvent), account: null });

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", refunded: usd(500) });
});

test("raises a refund that the shop canceled at Stripe before the bank took it", async () => {
  const purchase = await givenConfirmed("pm_fake_refund_pending");
  const { orderId, skuId } = purchase;
  await refundAtStripe({ orderId }, 500);
  await finishRefund({ orderId }, "cancel");
  const [canceled] = await ownEvents({ orderId }, "refund.updated");

  await apply(purchase, canceled as StripeEvent);

  const failed = { status: "confirmed", payment: "refund_failed", reason: "refund_canceled" };
  expect(await shown(purchase)).toMatchObject({ ...failed, refunded: usd(0) });
  expect(await ledger(skuId)).toMatchObject({ refundsFailed: [{ orderId }] });
});

test("reads a refund whose metadata are another program's", async () => {
  const purchase = await givenConfirmed();
  const { orderId } = purchase;
  const [report] = await givenReports(purchase, [500]);
  await apply(purchase, report as StripeEvent);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");
  const { object } = (failure as StripeEvent).data;
  const metadata = { order_id: "wc-1001", user_id: "42" };

  await apply(
    purchase,
    at({ ...(failure as StripeEvent), data: { object: { ...object, metadata } } }, 10),
  );

  expect(await shown(purchase)).toMatchObject({ payment: "refund_failed", refunded: usd(0) });
});

test("counts a partial refund that is reported before the order's charge", async () => {
  const sale = await givenPaid();
  const purchase = await givenOrder(sale, { paymentToken: "pm_fake_confirm_silent_done" });
  const orderId = purchase.order.id;
  await deliverTo(gateway(200), [purchase.message]);
  await refundAtStripe({ orderId }, 500);
  const [report] = await ownEvents({ orderId }, "charge.refunded");

  const order = { ...purchase, orderId, chargeId: "" };
  await apply(order, report as StripeEvent);

  expect(await shown(order)).toMatchObject({ status: "confirmed", refunded: usd(500) });
});

test("raises an operator's refund that the bank returns after its success", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  await requestRefund(purchase, { quantity: 1 });
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ refunded: usd(PRICE), refundedQuantity: 1 });
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");

  await apply(purchase, failure as StripeEvent);

  const failed = { status: "confirmed", payment: "refund_failed", refunded: usd(0) };
  expect(await shown(purchase)).toMatchObject({ ...failed, refundedQuantity: 1 });
  expect(await post(failure as StripeEvent)).toBe(200);
  expect(await ledger(skuId)).toMatchObject({ sold: 1, available: 4, unacknowledged: 0 });
});

test("raises an operator's refund that the bank returns in the second of its success", async () => {
  givenHolds(); // The clock stands still.
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  await requestRefund(purchase);
  await deliverNext(purchase);
  const [success] = await ownEvents({ orderId }, "charge.refunded");
  expect(await post(success as StripeEvent)).toBe(200);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");

  await apply(purchase, failure as StripeEvent);

  expect(await shown(purchase)).toMatchObject({ payment: "refund_failed", refunded: usd(0) });
  expect(await ledger(skuId)).toMatchObject({ refundsFailed: [{ orderId }] });
});

test("counts no refund twice that the shop made at Stripe before the operator's, and that failed later", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  await requestRefund(purchase, { quantity: 1 });
  await refundAtStripe({ orderId }, TOTAL);
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "refunded", refunded: usd(TOTAL) });
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");
  await apply(purchase, at(failure, 5));
  expect(await shown(purchase)).toMatchObject({ payment: "refund_failed", refunded: usd(0) });

  expect((await requestRefund(purchase)).body).toMatchObject({ quantity: 0, amount: usd(TOTAL) });
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ payment: "refunded", refunded: usd(TOTAL) });
  expect(await booksOf({ orderId })).toMatchObject({ amountRefunded: TOTAL });
  expect(await ledger(skuId)).toMatchObject({ sold: 0, available: 5, refundsFailed: [] });
});

test("returns money again that a bank returned, and leaves the buyer the other units", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  expect((await requestRefund(purchase, { quantity: 0 })).status).toBe(400);
  await requestRefund(purchase, { quantity: 1 });
  await deliverNext(purchase);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");
  await apply(purchase, failure as StripeEvent);

  const again = await requestRefund(purchase, { quantity: 0 });
  expect(again.body).toMatchObject({ quantity: 0, amount: usd(PRICE) });
  expect((await requestRefund(purchase, { quantity: 0 })).status).toBe(400);
  await deliverNext(purchase);

  const returned = { status: "confirmed", payment: "charged", refunded: usd(PRICE) };
  expect(await shown(purchase)).toMatchObject({ ...returned, refundedQuantity: 1 });
  expect(await booksOf({ orderId })).toMatchObject({ amountRefunded: PRICE });
  expect(await ledger(skuId)).toMatchObject({ sold: 1, available: 4, refundsFailed: [] });
});

test("returns all money with the last units, also what a bank returned before", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  await requestRefund(purchase, { quantity: 1 });
  await deliverNext(purchase);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");
  await apply(purchase, failure as StripeEvent);

  expect((await requestRefund(purchase)).body).toMatchObject({ quantity: 1, amount: usd(TOTAL) });
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "refunded", refunded: usd(TOTAL) });
  expect(await booksOf({ orderId })).toMatchObject({ amountRefunded: TOTAL });
  expect(await ledger(skuId)).toMatchObject({ sold: 0, available: 5, refundsFailed: [] });
});

test("returns the money of a whole order again after the bank returned its refund", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  await requestRefund(purchase);
  await deliverNext(purchase);
  await finishRefund({ orderId }, "no");
  const [failure] = await ownEvents({ orderId }, "refund.failed");
  await apply(purchase, failure as StripeEvent);
  expect(await shown(purchase)).toMatchObject({ status: "refunded", payment: "refund_failed" });

  expect((await requestRefund(purchase)).body).toMatchObject({ quantity: 0, amount: usd(TOTAL) });
  await deliverNext(purchase);

  const returned = { status: "refunded", payment: "refunded", refunded: usd(TOTAL) };
  expect(await shown(purchase)).toMatchObject({ ...returned, refundedQuantity: QUANTITY });
  expect(await booksOf({ orderId })).toMatchObject({ amountRefunded: TOTAL });
  expect(await ledger(skuId)).toMatchObject({ stocked: 5, available: 5, refundsFailed: [] });
});

test("shows a dispute on the order and to the operator until it is closed", async () => {
  const purchase = await givenConfirmed();
  const { orderId, skuId } = purchase;
  await dispute({ orderId }, "open");
  await dispute({ orderId }, "review");
  const events = await ownEvents({ orderId }, "charge.dispute");
  expect(events.map(({ type }) => type)).toEqual([
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
  ]);
  const [opened, withdrawn, review] = events.map((event, index) => at(event, index));

  await apply(purchase, review as StripeEvent);
  for (const late of [opened, withdrawn, review]) expect(await post(late as StripeEvent)).toBe(200);
  expect(await shown(purchase)).toMatchObject({
    status: "confirmed",
    dispute: { status: "under_review" },
  });
  const dispute_ = [{ orderId, userId: purchase.buyer.id }];
  expect(await ledger(skuId)).toMatchObject({ disputed: dispute_, unacknowledged: 0 });

  await dispute({ orderId }, "won");
  const [closed, reinstated] = (await ownEvents({ orderId }, "charge.dispute")).slice(-2);
  await apply(purchase, at(reinstated, 5));
  for (const late of [at(closed, 5), review]) expect(await post(late as StripeEvent)).toBe(200);
  expect(await shown(purchase)).toMatchObject({ dispute: { status: "won" } });
  expect(await ledger(skuId)).toMatchObject({ disputed: [], sold: QUANTITY });
});

test("gives no units back when a dispute is lost", async () => {
  const purchase = await givenConfirmed();
  await dispute(purchase, "open");
  await dispute(purchase, "lost");
  const events = await ownEvents(purchase, "charge.dispute");
  // The last event comes first.
  await apply(purchase, at(events.at(-1), 3));
  for (const event of events) expect(await post(event)).toBe(200);

  expect(await shown(purchase)).toMatchObject({
    status: "confirmed",
    payment: "charged",
    refunded: usd(0),
    dispute: { status: "lost" },
  });
  expect(await ledger(purchase.skuId)).toMatchObject({
    sold: QUANTITY,
    available: 3,
    disputed: [],
  });
});

test("ignores a dispute of another charge, and has one of an unknown charge sent again", async () => {
  const purchase = await givenConfirmed();
  await dispute(purchase, "open");
  const [opened] = await ownEvents(purchase, "charge.dispute");
  const { object } = (opened as StripeEvent).data;
  const names = { order_id: purchase.orderId, user_id: purchase.buyer.id };
  const forged = { ...object, payment_intent: "pi_other" };
  expect(await post({ ...opened, data: { object: forged } })).toBe(200);
  expect(await shown(purchase)).not.toHaveProperty("dispute");

  const unpaid = await givenOrder(purchase, { paymentToken: "pm_fake_confirm_silent_done" });
  await deliverTo(gateway(200), [unpaid.message]);
  await dispute({ orderId: unpaid.order.id }, "open");
  const [early] = await ownEvents({ orderId: unpaid.order.id }, "charge.dispute");
  expect(names.order_id).not.toBe(unpaid.order.id);
  expect(await post(early as StripeEvent)).toBe(503);
});
