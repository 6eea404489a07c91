// Voiding and refunding through Stripe: no charge succeeds after `voided`, and money is refunded once.
import { expect, test } from "vitest";
import type { RefundRequest } from "../../src/payments/gateway.ts";
import { until } from "../support/shop.ts";
import {
  aPayment,
  booksOf,
  finish,
  finishRefund,
  forgetKeys,
  gateway,
  hoursAgo,
  isHeld,
  outcomeOf,
  release,
} from "./stripe-fixtures.ts";

const CHARGED = {
  outcome: "charged",
  chargeId: expect.stringMatching(/^pi_/),
  fingerprint: expect.any(String),
};
const VOIDED = { outcome: "voided", chargeId: expect.stringMatching(/^pi_/) };
/** The outcome of an order for which Stripe never made an intent. */
const NOTHING = { outcome: "voided" };
const DECLINED = {
  ...{ outcome: "declined", reason: "voided", isCancelled: true },
  chargeId: expect.any(String),
};

test("voids an order that was never charged, and declines a later charge", async () => {
  const payment = aPayment();

  expect(await gateway().void(payment)).toEqual(VOIDED);

  expect(await gateway().charge(payment)).toEqual(DECLINED);
  expect(await gateway().void(payment)).toEqual(VOIDED);
  expect(await booksOf(payment)).toMatchObject({ charges: 0 });
});

test("reports a charge that already succeeded", async () => {
  const payment = aPayment();
  await gateway().charge(payment);

  expect(await gateway().void(payment)).toEqual(CHARGED);
  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test("reports a charge whose answer was lost", async () => {
  const payment = aPayment("pm_fake_confirm_reset_done");
  await outcomeOf(gateway().charge(payment));

  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test("voids orders with a declined charge or an invalid token", async () => {
  const declined = aPayment("pm_card_chargeDeclined");
  await gateway().charge(declined);

  expect(await gateway().void(declined)).toEqual(VOIDED);
  expect(await gateway().void(aPayment("no such thing"))).toEqual(NOTHING);
});

test("decides nothing while a charge is in progress, and reports it afterwards", async () => {
  const payment = aPayment("pm_fake_confirm_held");
  const charge = gateway().charge(payment);
  await until("the confirmation is in progress", () => isHeld(payment));

  expect(await outcomeOf(gateway().void(payment))).toEqual({ threw: "StripeRateLimitError" });

  await release(payment);
  expect(await charge).toEqual(CHARGED);
  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test("agrees with the bank if the order was voided between the two steps of a charge", async () => {
  const payment = aPayment("pm_fake_create_held");
  const charge = outcomeOf(gateway().charge(payment));
  await until("the creation of the intent is in progress", () => isHeld(payment));

  expect(await outcomeOf(gateway().void(payment))).toEqual({ threw: "StripeAPIError" });
  await release(payment);
  await charge;

  const voided = await gateway().void(payment);
  const { charges } = await booksOf(payment);
  expect(voided.outcome).toBe(charges === 1 ? "charged" : "voided");
});

test("reaches one outcome per order for concurrent charges and voids", async () => {
  const payments = Array.from({ length: 20 }, () => aPayment());

  await Promise.all(
    payments.flatMap((p) => [outcomeOf(gateway().charge(p)), outcomeOf(gateway().void(p))]),
  );

  for (const payment of payments) {
    const { outcome } = await gateway().void(payment);
    const { charges, intents } = await booksOf(payment);
    expect([outcome, charges, intents]).toEqual(
      outcome === "charged" ? ["charged", 1, 1] : ["voided", 0, 1],
    );
  }
});

test.each(["pm_fake_create_500", "pm_fake_create_500_done", "pm_fake_cancel_500"])(
  "voids an order although Stripe repeats a stored 500 (%s)",
  async (token) => {
    const payment = aPayment(token);

    expect(await outcomeOf(gateway().void(payment))).toEqual({ threw: "StripeAPIError" });

    expect(await gateway().void(payment)).toEqual(VOIDED);
    expect(await gateway().charge(payment)).toEqual(DECLINED);
  },
);

test("cannot void a payment that the bank is processing, and reports it once it succeeds", async () => {
  const payment = aPayment("pm_fake_pending");
  await gateway().charge(payment);

  expect(await gateway().void(payment)).toMatchObject({ outcome: "pending" });

  await finish(payment);
  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test.each([
  ["charged", "pm_card_visa", CHARGED],
  ["charged under a second key", "pm_fake_create_500_done", CHARGED],
  ["declined", "pm_card_chargeDeclined", VOIDED],
  ["never seen", undefined, VOIDED],
])("finds an order that was %s by search after its keys expired", async (_, token, expected) => {
  const payment = aPayment(token, { createdAt: hoursAgo(21) });
  if (token) await outcomeOf(gateway().charge({ ...payment, createdAt: hoursAgo(0) }));
  if (token) await outcomeOf(gateway().charge({ ...payment, createdAt: hoursAgo(0) }));
  await forgetKeys();

  expect(await gateway().void(payment)).toEqual(expected);
});

test.each([
  "pm_card_visa",
  "pm_fake_refund_500",
  "pm_fake_refund_500_done",
  "pm_fake_refund_503",
  "pm_fake_refund_429",
  "pm_fake_refund_reset",
  "pm_fake_refund_reset_done",
])("refunds the whole amount once, however often it is called (%s)", async (token) => {
  const { orderId, amount, ...payment } = aPayment(token);
  const charge = await gateway().charge({ orderId, amount, ...payment });
  const chargeId = charge.outcome === "charged" ? charge.chargeId : "";
  const refund = { orderId, userId: "ann", amount, chargeId };

  await outcomeOf(gateway().refund(refund));
  expect(await gateway().refund(refund)).toEqual({ outcome: "refunded" });
  await forgetKeys();
  expect(await gateway().refund(refund)).toEqual({ outcome: "refunded" });

  expect(await booksOf({ orderId })).toMatchObject({ refunds: 1, amountRefunded: 2_400 });
});

test("reports a refund as pending until the bank took it, and as failed if the bank returned it", async () => {
  const taken = aPayment("pm_fake_refund_pending");
  const returned = aPayment("pm_fake_refund_pending");
  const refunds: RefundRequest[] = [];
  for (const payment of [taken, returned]) {
    const charge = await gateway().charge(payment);
    const refund = { ...payment, chargeId: charge.outcome === "charged" ? charge.chargeId : "" };
    refunds.push(refund);
    expect(await gateway().refund(refund)).toMatchObject({ outcome: "pending" });
    expect(await gateway().refund(refund)).toMatchObject({ outcome: "pending" });
  }

  await finishRefund(taken, "yes");
  await finishRefund(returned, "no");

  const [first, second] = refunds as [RefundRequest, RefundRequest];
  expect(await gateway().refund(first)).toEqual({ outcome: "refunded" });
  const failed = { outcome: "refund_failed", reason: "expired_or_canceled_card" };
  expect(await gateway().refund(second)).toEqual(failed);
});

test("does not report success for the refund of an unknown charge", async () => {
  const payment = aPayment();
  await gateway().void(payment);

  const refund = gateway().refund({ ...payment, chargeId: "pi_unknown" });

  expect(await outcomeOf(refund)).toEqual({ threw: "StripeInvalidRequestError" });
});
