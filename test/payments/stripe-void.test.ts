// Voiding and refunding through Stripe: after `voided` no charge can succeed, and money goes back once.
import { expect, test } from "vitest";
import { until } from "../support/shop.ts";
import {
  aPayment,
  booksOf,
  came,
  finish,
  gateway,
  hoursAgo,
  isHeld,
  keysForgotten,
  release,
} from "./stripe-world.ts";

const CHARGED = { outcome: "charged", chargeId: expect.stringMatching(/^pi_/) };
const VOIDED = { outcome: "voided" };

test("an order that was never charged is voided, and a charge after that is declined", async () => {
  const payment = aPayment();

  expect(await gateway().void(payment)).toEqual(VOIDED);

  expect(await gateway().charge(payment)).toEqual({ outcome: "declined", reason: "voided" });
  expect(await gateway().void(payment)).toEqual(VOIDED);
  expect(await booksOf(payment)).toMatchObject({ charges: 0 });
});

test("a charge that had succeeded is found", async () => {
  const payment = aPayment();
  await gateway().charge(payment);

  expect(await gateway().void(payment)).toEqual(CHARGED);
  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test("a charge whose answer was lost is found", async () => {
  const payment = aPayment("pm_fake_confirm_reset_done");
  await came(gateway().charge(payment));

  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test("a declined charge, an unusable token: voided", async () => {
  const declined = aPayment("pm_card_chargeDeclined");
  await gateway().charge(declined);

  expect(await gateway().void(declined)).toEqual(VOIDED);
  expect(await gateway().void(aPayment("no such thing"))).toEqual(VOIDED);
});

test("while a charge is under way nothing is decided; afterwards it is found", async () => {
  const payment = aPayment("pm_fake_confirm_held");
  const charge = gateway().charge(payment);
  await until("the confirmation is under way", () => isHeld(payment));

  expect(await came(gateway().void(payment))).toEqual({ threw: "StripeRateLimitError" });

  await release(payment);
  expect(await charge).toEqual(CHARGED);
  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test("a charge that was between its two steps when the order was voided takes no money", async () => {
  const payment = aPayment("pm_fake_create_held");
  const charge = came(gateway().charge(payment));
  await until("the intent is under way", () => isHeld(payment));

  expect(await came(gateway().void(payment))).toEqual({ threw: "StripeAPIError" });
  await release(payment);
  await charge;

  const voided = await gateway().void(payment);
  const { charges } = await booksOf(payment);
  expect(voided.outcome).toBe(charges === 1 ? "charged" : "voided");
});

test("charges and voids of one order at once come to one end", async () => {
  const payments = Array.from({ length: 20 }, () => aPayment());

  await Promise.all(payments.flatMap((p) => [came(gateway().charge(p)), came(gateway().void(p))]));

  for (const payment of payments) {
    const { outcome } = await gateway().void(payment);
    const { charges, intents } = await booksOf(payment);
    expect([outcome, charges, intents]).toEqual(
      outcome === "charged" ? ["charged", 1, 1] : ["voided", 0, 1],
    );
  }
});

test.each(["pm_fake_create_500", "pm_fake_create_500_done", "pm_fake_cancel_500"])(
  "%s: a stored 500 does not stand in the way for ever",
  async (token) => {
    const payment = aPayment(token);

    expect(await came(gateway().void(payment))).toEqual({ threw: "StripeAPIError" });

    expect(await gateway().void(payment)).toEqual(VOIDED);
    expect(await gateway().charge(payment)).toEqual({ outcome: "declined", reason: "voided" });
  },
);

test("a payment the bank still works on cannot be voided, and is found when it is through", async () => {
  const payment = aPayment("pm_fake_pending");
  await gateway().charge(payment);

  expect(await came(gateway().void(payment))).toEqual({ threw: "StripeInvalidRequestError" });

  await finish(payment);
  expect(await gateway().void(payment)).toEqual(CHARGED);
});

test.each([
  ["charged", "pm_card_visa", CHARGED],
  ["charged under a second key", "pm_fake_create_500_done", CHARGED],
  ["declined", "pm_card_chargeDeclined", VOIDED],
  ["never seen", undefined, VOIDED],
])("a day later, an order that was %s is searched for", async (_, token, expected) => {
  const payment = aPayment(token, { createdAt: hoursAgo(21) });
  if (token) await came(gateway().charge({ ...payment, createdAt: hoursAgo(0) }));
  if (token) await came(gateway().charge({ ...payment, createdAt: hoursAgo(0) }));
  await keysForgotten();

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
])("%s: the whole amount goes back once, however often it is asked", async (token) => {
  const { orderId, amount, ...payment } = aPayment(token);
  const charge = await gateway().charge({ orderId, amount, ...payment });
  const refund = { orderId, amount, chargeId: charge.outcome === "charged" ? charge.chargeId : "" };

  await came(gateway().refund(refund));
  expect(await gateway().refund(refund)).toEqual({ outcome: "refunded" });
  await keysForgotten();
  expect(await gateway().refund(refund)).toEqual({ outcome: "refunded" });

  expect(await booksOf({ orderId })).toMatchObject({ refunds: 1, amountRefunded: 2_400 });
});

test("a refund of a charge that is not there is not taken for done", async () => {
  const payment = aPayment();
  await gateway().void(payment);

  const refund = gateway().refund({ ...payment, chargeId: "pi_unknown" });

  expect(await came(refund)).toEqual({ threw: "StripeInvalidRequestError" });
});
