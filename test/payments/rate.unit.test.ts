// The allowed pace: below the provider's limits of an endpoint and of a whole account.
import { expect, test } from "vitest";
import { paymentRate } from "../../src/payments/rate.ts";

test.each([
  ["a live key", "sk_live_x", undefined, 20],
  ["a restricted live key", "rk_live_x", undefined, 20],
  ["a test key, whose account allows less", "sk_test_x", undefined, 10],
  ["a raised limit, up to the account's total", "sk_live_x", 60, 40],
  ["a lower rate", "sk_test_x", 5, 5],
])("for Stripe, uses %s", (_, STRIPE_SECRET_KEY, PAYMENT_RATE_PER_SECOND, expected) => {
  const config = { PAYMENTS: "stripe", STRIPE_SECRET_KEY, PAYMENT_RATE_PER_SECOND } as const;
  expect(paymentRate(config)).toBe(expected);
});

test("paces the sandbox only if configured", () => {
  expect(paymentRate({ PAYMENTS: "sandbox" } as never)).toBeGreaterThan(100);
  expect(paymentRate({ PAYMENTS: "sandbox", PAYMENT_RATE_PER_SECOND: 7 } as never)).toBe(7);
});
