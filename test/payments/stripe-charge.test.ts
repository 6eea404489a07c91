// Charging through Stripe: what is taken, what is declined, what nobody knows yet, and never twice.
import { expect, test } from "vitest";
import { stripeGateway } from "../../src/payments/stripe.ts";
import { until } from "../support/shop.ts";
import {
  aPayment,
  booksOf,
  came,
  gateway,
  hoursAgo,
  isHeld,
  keysForgotten,
  release,
  stripeConfig,
} from "./stripe-world.ts";

const CHARGED = { outcome: "charged", chargeId: expect.stringMatching(/^pi_/) };

test("a good card is charged the whole amount", async () => {
  const payment = aPayment();

  expect(await gateway().charge(payment)).toEqual(CHARGED);

  expect(await booksOf(payment)).toMatchObject({ charges: 1, amountCharged: 2_400 });
});

test.each([
  ["pm_card_chargeDeclined", "card_declined"],
  ["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"],
  ["pm_card_chargeDeclinedExpiredCard", "expired_card"],
  ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"],
  ["pm_card_chargeDeclinedProcessingError", "processing_error"],
  ["pm_card_authenticationRequired", "authentication_required"],
  // What only the shop may know.
  ["pm_card_visa_chargeDeclinedLostCard", "card_declined"],
  ["pm_card_visa_chargeDeclinedFraudulent", "card_declined"],
  ["what is this", "invalid_payment_method"],
])("%s is declined: %s, and again when asked again", async (token, reason) => {
  const payment = aPayment(token);

  expect(await gateway().charge(payment)).toEqual({ outcome: "declined", reason });
  expect(await gateway().charge(payment)).toEqual({ outcome: "declined", reason });

  expect(await booksOf(payment)).toMatchObject({ charges: 0 });
});

test.each([
  ["a server error", "pm_fake_create_500", "StripeAPIError"],
  ["a server error after the intent was made", "pm_fake_create_500_done", "StripeAPIError"],
  ["a server error at the confirmation", "pm_fake_confirm_500", "StripeAPIError"],
  ["a server error after the charge", "pm_fake_confirm_500_done", "StripeAPIError"],
  ["an overloaded server", "pm_fake_create_503", "StripeAPIError"],
  ["a rate limit", "pm_fake_confirm_429", "StripeRateLimitError"],
  ["a cut connection", "pm_fake_create_reset", "StripeConnectionError"],
  ["a connection cut at the confirmation", "pm_fake_confirm_reset", "StripeConnectionError"],
  ["a connection cut after the charge", "pm_fake_confirm_reset_done", "StripeConnectionError"],
])("%s is no decline, and the next attempts charge once", async (_, token, error) => {
  const payment = aPayment(token);

  expect(await came(gateway().charge(payment))).toEqual({ threw: error });
  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await gateway().charge(payment)).toEqual(CHARGED);

  expect(await booksOf(payment)).toMatchObject({ charges: 1, amountCharged: 2_400 });
});

test("a charge whose answer never comes is found by the next attempt", async () => {
  const payment = aPayment("pm_fake_confirm_silent_done");

  expect(await came(gateway(200).charge(payment))).toEqual({ threw: "StripeConnectionError" });

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ charges: 1 });
});

test("the same order charged many times at once is charged once", async () => {
  const payment = aPayment();

  await Promise.all(Array.from({ length: 10 }, () => came(gateway().charge(payment))));

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test("a second attempt while the first is under way does not decide anything", async () => {
  const payment = aPayment("pm_fake_confirm_held");
  const first = gateway().charge(payment);
  await until("the confirmation is under way", () => isHeld(payment));

  expect(await came(gateway().charge(payment))).toEqual({ threw: "StripeAPIError" });

  await release(payment);
  expect(await first).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test("a payment the bank still works on is not known yet", async () => {
  const outcome = await gateway().charge(aPayment("pm_fake_pending"));

  expect(outcome).toEqual({ outcome: "unknown", cause: "the payment is processing" });
});

test("an order older than Stripe's memory of keys is not charged again", async () => {
  const payment = aPayment("pm_card_visa", { createdAt: hoursAgo(23) });
  await gateway().charge(payment);
  await keysForgotten();

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test.each([
  ["a wrong key", { STRIPE_SECRET_KEY: "sk_test_wrong" }, "StripeAuthenticationError"],
  ["nobody there", { STRIPE_API_URL: "http://127.0.0.1:9" }, "StripeConnectionError"],
])("%s is no decline", async (_, changes, error) => {
  const broken = stripeGateway(stripeConfig(changes));

  expect(await came(broken.charge(aPayment()))).toEqual({ threw: error });
  expect(await came(broken.void(aPayment()))).toEqual({ threw: error });
});

test("an amount Stripe never takes is the shop's fault, not the buyer's card", async () => {
  const payment = aPayment("pm_card_visa", { amount: { amount: 1, currency: "USD" } });

  expect(await came(gateway().charge(payment))).toEqual({ threw: "IntentRefused" });
  expect(await gateway().void(payment)).toEqual({ outcome: "voided" });
});
