// Charging through Stripe: which attempts are charged, declined or undecided, and that none is charged twice.
import { expect, test } from "vitest";
import type { ChargeOutcome, PaymentRequest } from "../../src/payments/gateway.ts";
import { stripeGateway } from "../../src/payments/stripe.ts";
import { stripeClient } from "../../src/payments/stripe-client.ts";
import { until } from "../support/shop.ts";
import {
  aPayment,
  authenticate,
  booksOf,
  forgetKeys,
  gateway,
  hoursAgo,
  isHeld,
  outcomeOf,
  release,
  stripeConfig,
} from "./stripe-fixtures.ts";

const REFUSED = { outcome: "declined", reason: "invalid_payment_method" };
const CHARGED = {
  outcome: "charged",
  chargeId: expect.stringMatching(/^pi_/),
  fingerprint: expect.any(String),
};

test("charges a valid card the whole amount", async () => {
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
  // Decline codes that only the shop may see.
  ["pm_card_visa_chargeDeclinedLostCard", "card_declined"],
  ["pm_card_visa_chargeDeclinedFraudulent", "card_declined"],
  ["not a token", "invalid_payment_method"],
])("declines %s with the reason %s, and repeats that answer", async (token, reason) => {
  const payment = aPayment(token);

  expect(await gateway().charge(payment)).toMatchObject({ outcome: "declined", reason });
  expect(await gateway().charge(payment)).toMatchObject({ outcome: "declined", reason });

  expect(await booksOf(payment)).toMatchObject({ charges: 0 });
});

/** The next payment method of a buyer whose payment came to `answer`. */
const nextAttempt = (
  payment: PaymentRequest,
  answer: ChargeOutcome,
  paymentToken: string,
): PaymentRequest => ({
  ...payment,
  paymentToken,
  attempt: payment.attempt + 1,
  chargeId: "chargeId" in answer ? (answer.chargeId ?? null) : null,
});

test.each(["pm_fake_used", "pm_fake_incompatible", "pm_fake_currency"])(
  "declines a method at once that Stripe never takes (%s), and charges the next one",
  async (token) => {
    const first = aPayment(token);
    const answer = await gateway().charge(first);
    expect(answer).toEqual(REFUSED);
    expect(await gateway().charge(nextAttempt(first, answer, "pm_card_visa"))).toEqual(CHARGED);
    const third = nextAttempt(first, answer, token);
    expect(await gateway().charge({ ...third, orderId: `${first.orderId}b` })).toEqual(REFUSED);

    expect(await booksOf(first)).toMatchObject({ intents: 1, charges: 1 });
  },
);

test.each(["pm_card_chargeDeclined", "pm_card_authenticationRequired", "not a token"])(
  "charges the next card once after %s, with the same payment at Stripe",
  async (token) => {
    const first = aPayment(token);
    const second = nextAttempt(first, await gateway().charge(first), "pm_card_visa");

    expect(await gateway().charge(second)).toEqual(CHARGED);
    expect(await gateway().charge(second)).toEqual(CHARGED);
    // A late repetition of the first attempt must not undo it.
    expect(await gateway().charge(first)).toEqual(token === "not a token" ? REFUSED : CHARGED);

    expect(await booksOf(first)).toMatchObject({ intents: 1, charges: 1, amountCharged: 2_400 });
  },
);

test.each(["pm_fake_confirm_reset_done", "pm_fake_confirm_500_done", "pm_fake_confirm_reset"])(
  "charges a second card once although its answer is lost (%s)",
  async (token) => {
    const first = aPayment("pm_card_chargeDeclined");
    const second = nextAttempt(first, await gateway().charge(first), token);

    await outcomeOf(gateway().charge(second));

    expect(await gateway().charge(second)).toEqual(CHARGED);
    expect(await booksOf(first)).toMatchObject({ intents: 1, charges: 1 });
  },
);

test("repeats the decline of a second card, and charges a third", async () => {
  const first = aPayment("pm_card_chargeDeclined");
  const second = nextAttempt(
    first,
    await gateway().charge(first),
    "pm_card_chargeDeclinedExpiredCard",
  );
  const declined = { outcome: "declined", reason: "expired_card", chargeId: second.chargeId };

  const answer = await gateway().charge(second);
  expect(answer).toEqual(declined);
  expect(await gateway().charge(second)).toEqual(declined);

  const third = nextAttempt(second, answer, "ctoken_card_visa");
  expect(await gateway().charge(third)).toEqual(CHARGED);
  expect(await booksOf(first)).toMatchObject({ intents: 1, charges: 1 });
});

test("offers Stripe the methods of the card form for its tokens only", async () => {
  const stripe = stripeClient(stripeConfig());
  const typesOf = async (token: string) => {
    const { chargeId } = (await gateway().charge(aPayment(token))) as { chargeId: string };
    return (await stripe.paymentIntents.retrieve(chargeId)).payment_method_types;
  };

  expect(await typesOf("ctoken_card_visa__1")).toEqual(["card", "link"]);
  expect(await typesOf("pm_card_visa")).toEqual(["card"]);
});

test.each(["pm_card_authenticationRequired", "ctoken_card_authenticationRequired"])(
  "reports the bank's question to the buyer with the secret to answer it (%s)",
  async (token) => {
    const payment = aPayment(token);
    const asked = {
      outcome: "action_required",
      chargeId: expect.stringMatching(/^pi_/),
      clientSecret: expect.stringMatching(/_secret_/),
    };

    expect(await gateway().charge(payment)).toEqual(asked);
    expect(await gateway().charge(payment)).toEqual(asked);

    await authenticate(payment, "yes");
    expect(await gateway().charge(payment)).toEqual(CHARGED);
    expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
  },
);

test("declines a payment whose buyer failed to answer the bank", async () => {
  const payment = aPayment("pm_card_authenticationRequired");
  await gateway().charge(payment);
  await authenticate(payment, "no");

  expect(await gateway().charge(payment)).toMatchObject({
    outcome: "declined",
    reason: "payment_intent_authentication_failure",
  });
});

test("charges a method that the browser collected (a confirmation token) once", async () => {
  const payment = aPayment("ctoken_card_visa");

  await Promise.all(Array.from({ length: 5 }, () => outcomeOf(gateway().charge(payment))));

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test("charges nothing for an intent whose amount is not the order's", async () => {
  const other = aPayment("pm_card_visa", { amount: { amount: 100, currency: "USD" } });
  await gateway().charge(other);
  const foreign = await gateway().charge(other);
  const payment = nextAttempt(aPayment(), foreign, "pm_card_visa");

  expect(await outcomeOf(gateway().charge(payment))).toEqual({ threw: "Error" });
});

test("reports that a charge was refunded meanwhile", async () => {
  const payment = aPayment();
  const charged = await gateway().charge(payment);
  const chargeId = charged.outcome === "charged" ? charged.chargeId : "";
  await gateway().refund({ ...payment, chargeId });

  expect(await gateway().charge(payment)).toEqual({ ...charged, isRefunded: true });
  expect(await gateway().void(payment)).toEqual({ ...charged, isRefunded: true });
});

test.each([
  ["a server error", "pm_fake_create_500", "StripeAPIError"],
  ["a server error after the intent was made", "pm_fake_create_500_done", "StripeAPIError"],
  ["a server error at the confirmation", "pm_fake_confirm_500", "StripeAPIError"],
  ["a server error after the charge", "pm_fake_confirm_500_done", "StripeAPIError"],
  ["an overloaded server", "pm_fake_create_503", "StripeAPIError"],
  ["a cut connection", "pm_fake_create_reset", "StripeConnectionError"],
  ["a connection cut at the confirmation", "pm_fake_confirm_reset", "StripeConnectionError"],
  ["a connection cut after the charge", "pm_fake_confirm_reset_done", "StripeConnectionError"],
])("does not treat %s as a decline, and charges once on retry", async (_, token, error) => {
  const payment = aPayment(token);

  expect(await outcomeOf(gateway().charge(payment))).toEqual({ threw: error });
  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await gateway().charge(payment)).toEqual(CHARGED);

  expect(await booksOf(payment)).toMatchObject({ charges: 1, amountCharged: 2_400 });
});

test.each(["create", "confirm"])(
  "reports a rate limit at the %s call as such, and charges once on retry",
  async (step) => {
    const payment = aPayment(`pm_fake_${step}_429`);

    expect(await gateway().charge(payment)).toMatchObject({ outcome: "unknown", isLimited: true });
    expect(await gateway().charge(payment)).toEqual(CHARGED);

    expect(await booksOf(payment)).toMatchObject({ charges: 1, amountCharged: 2_400 });
  },
);

test("finds a charge whose answer was lost at the next attempt", async () => {
  const payment = aPayment("pm_fake_confirm_silent_done");

  expect(await outcomeOf(gateway(200).charge(payment))).toEqual({ threw: "StripeConnectionError" });

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ charges: 1 });
});

test("charges an order once in many concurrent attempts", async () => {
  const payment = aPayment();

  await Promise.all(Array.from({ length: 10 }, () => outcomeOf(gateway().charge(payment))));

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test("leaves the outcome undecided for a second attempt while the first is in progress", async () => {
  const payment = aPayment("pm_fake_confirm_held");
  const first = gateway().charge(payment);
  await until("the confirmation is in progress", () => isHeld(payment));

  expect(await outcomeOf(gateway().charge(payment))).toEqual({ threw: "StripeAPIError" });

  await release(payment);
  expect(await first).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test("reports a payment that the bank is still processing as such", async () => {
  const chargeId = expect.stringMatching(/^pi_/);

  const outcome = await gateway().charge(aPayment("pm_fake_pending"));

  expect(outcome).toEqual({ outcome: "processing", chargeId });
});

test("does not charge an order again after Stripe dropped its idempotency keys", async () => {
  const payment = aPayment("pm_card_visa", { createdAt: hoursAgo(23) });
  await gateway().charge(payment);
  await forgetKeys();

  expect(await gateway().charge(payment)).toEqual(CHARGED);
  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

/** Creates the intent of an order as another release would, with other parameters under the same key. */
const createOtherwise = ({ orderId, userId, attempt }: PaymentRequest, amount = 2_400) =>
  stripeClient(stripeConfig()).paymentIntents.create(
    {
      amount,
      currency: "usd",
      payment_method: "pm_card_visa",
      description: "Made by another release",
      metadata: { order_id: orderId, user_id: userId },
    },
    { idempotencyKey: attempt === 1 ? `${orderId}:create:1` : `${orderId}:${attempt}:create:1` },
  );

test("charges an order once whose payment another release created with other parameters", async () => {
  const payment = aPayment();
  const { id } = await createOtherwise(payment);

  expect(await gateway().charge(payment)).toEqual({ ...CHARGED, chargeId: id });
  expect(await gateway().charge(payment)).toEqual({ ...CHARGED, chargeId: id });

  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
});

test("voids a payment that another release created with other parameters", async () => {
  const payment = aPayment();
  const { id } = await createOtherwise(payment);

  expect(await gateway().void(payment)).toEqual({ outcome: "voided", chargeId: id });

  expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 0, isOpen: false });
});

test("leaves the outcome undecided while the payment of another release is not found", async () => {
  const payment = aPayment();
  // An intent of another amount is never the order's.
  await createOtherwise(payment, 100);

  expect(await outcomeOf(gateway().charge(payment))).toEqual({ threw: "StripeIdempotencyError" });
  expect(await outcomeOf(gateway().void(payment))).toEqual({ threw: "StripeIdempotencyError" });
});

test("does not take an earlier, cancelled payment for the one that another release created", async () => {
  const first = aPayment();
  await gateway().void(first);
  const second = { ...first, attempt: 2 };
  await createOtherwise(second, 100);

  expect(await outcomeOf(gateway().charge(second))).toEqual({ threw: "StripeIdempotencyError" });
  expect(await outcomeOf(gateway().void(second))).toEqual({ threw: "StripeIdempotencyError" });
});

test.each([
  ["a wrong key", { STRIPE_SECRET_KEY: "sk_test_wrong" }, "StripeAuthenticationError"],
  ["an unreachable server", { STRIPE_API_URL: "http://127.0.0.1:9" }, "StripeConnectionError"],
])("does not treat %s as a decline", async (_, changes, error) => {
  const broken = stripeGateway(stripeConfig(changes), 20_000);

  expect(await outcomeOf(broken.charge(aPayment()))).toEqual({ threw: error });
  expect(await outcomeOf(broken.void(aPayment()))).toEqual({ threw: error });
});

test.each([
  [1, "USD", "amount_too_small"],
  [100_000_000, "USD", "amount_too_large"],
  [10_000, "ZZZ", "invalid_currency"],
  [1_005, "KWD", "amount_invalid"],
  [150, "MGA", "parameter_invalid_integer"],
])(
  "declines %i %s for good, because Stripe never charges it: %s",
  async (amount, currency, reason) => {
    const payment = aPayment("pm_card_visa", { amount: { amount, currency } });

    expect(await gateway().charge(payment)).toEqual({ outcome: "declined", reason });
    expect(await gateway().charge(payment)).toEqual({ outcome: "declined", reason });
    expect(await gateway().void(payment)).toEqual({ outcome: "voided" });

    expect(await booksOf(payment)).toMatchObject({ intents: 0, charges: 0 });
  },
);

test.each([
  [500_000, "HUF", 500_000],
  [5_000, "ISK", 500_000],
  [5_000, "UGX", 500_000],
  [500, "MGA", 5],
  [1_010, "KWD", 1_010],
  [5_000, "JPY", 5_000],
])("charges %i %s as %i of Stripe's units", async (amount, currency, charged) => {
  const payment = aPayment("pm_card_visa", { amount: { amount, currency } });

  expect(await gateway().charge(payment)).toEqual(CHARGED);

  expect(await booksOf(payment)).toMatchObject({ charges: 1, amountCharged: charged });
});
