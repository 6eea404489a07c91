// Partial refunds of the Stripe gateway: each moves its amount once, whatever answers are lost and whatever Stripe forgets.
import { expect, test } from "vitest";
import type { PaymentRequest } from "../../src/payments/gateway.ts";
import {
  aPayment,
  booksOf,
  dispute,
  finishRefund,
  forgetKeys,
  gateway,
  hoursAgo,
  outcomeOf,
  refundAtStripe,
} from "./stripe-fixtures.ts";

const returned = (amount: number) => ({ amount, at: expect.any(Number) });
const usd = (amount: number) => ({ amount, currency: "USD" });

/** Given a charge of 24 dollars. Returns a function that refunds a part of it. */
async function givenCharge(paymentToken?: string) {
  const payment: PaymentRequest = aPayment(paymentToken);
  const charge = await gateway().charge(payment);
  const chargeId = charge.outcome === "charged" ? charge.chargeId : "";
  const { orderId, userId } = payment;
  const refund = (refundId: string, amount: number, { hours = 0 } = {}) => {
    const acceptedAt = Date.parse(hoursAgo(hours));
    const request = { orderId, userId, chargeId, amount: usd(amount), refundId, acceptedAt };
    return outcomeOf(gateway().refund(request));
  };
  return { orderId, refund, payment };
}

test.each([
  "pm_card_visa",
  "pm_fake_refund_500",
  "pm_fake_refund_500_done",
  "pm_fake_refund_503",
  "pm_fake_refund_429",
  "pm_fake_refund_reset",
  "pm_fake_refund_reset_done",
])("returns each part once, however often it is requested (%s)", async (token) => {
  const { orderId, refund } = await givenCharge(token);

  await refund("a", 1_000);
  expect(await refund("a", 1_000)).toEqual({ outcome: "refunded", returned: returned(1_000) });
  expect(await refund("b", 1_000)).toEqual({ outcome: "refunded", returned: returned(2_000) });
  await forgetKeys();
  expect(await refund("a", 1_000, { hours: 21 })).toMatchObject({ outcome: "refunded" });

  expect(await booksOf({ orderId })).toMatchObject({ refunds: 2, amountRefunded: 2_000 });
});

test("fails a refund of more than is left, and reports what was returned", async () => {
  const { orderId, refund } = await givenCharge();
  await refundAtStripe({ orderId }, 2_000);

  expect(await refund("a", 1_000)).toEqual({
    outcome: "refund_failed",
    reason: "exceeds_what_is_left",
    returned: returned(2_000),
  });
  await refundAtStripe({ orderId }, 400);
  expect(await refund("b", 400)).toEqual({
    outcome: "refunded",
    isElsewhere: true,
    returned: returned(2_400),
  });
  expect(await booksOf({ orderId })).toMatchObject({ amountRefunded: 2_400 });
});

test("waits for a pending refund, and finds that the bank returned it", async () => {
  const { orderId, refund } = await givenCharge("pm_fake_refund_pending");
  expect(await refund("a", 1_000)).toMatchObject({ outcome: "pending" });
  await finishRefund({ orderId }, "yes");
  expect(await refund("a", 1_000)).toEqual({ outcome: "refunded", returned: returned(1_000) });
  await finishRefund({ orderId }, "no");
  expect(await refund("a", 1_000)).toEqual({
    outcome: "refund_failed",
    reason: "expired_or_canceled_card",
    returned: returned(0),
  });
});

test("waits for a pending refund that the shop made at Stripe, instead of calling the money returned", async () => {
  const { orderId, refund, payment } = await givenCharge("pm_fake_refund_pending");
  await refundAtStripe({ orderId }, 2_400);
  const all = { orderId, userId: payment.userId, amount: payment.amount };
  const paid = await gateway().charge(payment);
  // Nothing is certain while the bank has not taken the refund.
  expect(paid).toMatchObject({ outcome: "charged", returned: 0 });
  const chargeId = paid.outcome === "charged" ? paid.chargeId : "";

  expect(await gateway().refund({ ...all, chargeId })).toMatchObject({ outcome: "pending" });
  expect(await refund("a", 1_000)).toMatchObject({ outcome: "pending" });

  await finishRefund({ orderId }, "yes");
  expect(await gateway().refund({ ...all, chargeId })).toMatchObject({ outcome: "refunded" });
  expect(await refund("a", 1_000)).toMatchObject({ outcome: "refunded" });
});

test("fails the refund of a disputed charge for good, so that an operator looks at it", async () => {
  const { orderId, refund, payment } = await givenCharge();
  const paid = await gateway().charge(payment);
  const chargeId = paid.outcome === "charged" ? paid.chargeId : "";
  await dispute({ orderId }, "open");

  const failed = { outcome: "refund_failed", reason: "charge_disputed" };
  const { userId, amount } = payment;
  expect(await gateway().refund({ orderId, userId, amount, chargeId })).toEqual(failed);
  expect(await refund("a", 1_000)).toMatchObject(failed);
});

test("finds what was returned before the charge's answer was read", async () => {
  const { orderId, payment } = await givenCharge();
  await refundAtStripe({ orderId }, 500);
  await dispute({ orderId }, "open");

  expect(await gateway().charge(payment)).toMatchObject({ outcome: "charged", returned: 500 });
});
