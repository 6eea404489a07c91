// The exact amounts that go to Stripe and come back, and the prices that Stripe can never charge.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refusePrice } from "../../src/payments/price.ts";
import { fromStripeAmount, toStripeAmount } from "../../src/payments/stripe-amount.ts";
import {
  STRIPE_CURRENCIES,
  STRIPE_DECIMALS,
  STRIPE_MINIMUM,
  stripeMaximum,
} from "../../src/payments/stripe-currencies.ts";
import { isActiveCurrency, minorUnitDecimals } from "../../src/values/iso-4217.ts";

const aCurrency = fc.oneof(
  fc.constantFrom("ISK", "UGX", "MGA", "KWD", "IDR"),
  fc.constantFrom(...STRIPE_CURRENCIES),
);
const aPrice = fc.record({
  amount: fc.oneof(
    fc.integer({ min: 1, max: 20_000 }),
    fc.integer({ min: 1, max: 999_999_999_999 }),
    fc.integer({ min: 1, max: 9_999_999 }).map((tens) => tens * 100),
  ),
  currency: aCurrency,
});

describe("an amount sent to Stripe", () => {
  test.each([
    [12_000, "USD", 12_000, "usd"],
    [500_000, "HUF", 500_000, "huf"],
    [80_045, "TWD", 80_045, "twd"],
    [5_000, "JPY", 5_000, "jpy"],
    [5_000, "ISK", 500_000, "isk"],
    [5, "UGX", 500, "ugx"],
    [500, "MGA", 5, "mga"],
    [1_010, "KWD", 1_010, "kwd"],
  ])("of %i %s is %i %s", (amount, currency, sent, lowerCase) => {
    expect(toStripeAmount({ amount, currency })).toEqual({ amount: sent, currency: lowerCase });
    expect(fromStripeAmount({ amount: sent, currency: lowerCase })).toEqual({ amount, currency });
  });

  test("comes back unchanged, and is a whole number for every accepted price", () => {
    fc.assert(
      fc.property(aPrice, fc.integer({ min: 1, max: 100 }), (price, quantity) => {
        const total = { ...price, amount: price.amount * quantity };
        const sent = toStripeAmount(total);
        // A part of Stripe's smallest unit, such as 150 MGA, is never sent as an accepted price.
        if (Number.isInteger(sent.amount)) expect(fromStripeAmount(sent)).toEqual(total);
        if (refusePrice(price, quantity) !== undefined) return;
        expect(sent.amount).toSatisfy(Number.isSafeInteger);
        expect(sent.amount).toBeGreaterThanOrEqual(STRIPE_MINIMUM[price.currency] ?? 1);
        expect(sent.amount).toBeLessThanOrEqual(stripeMaximum(price.currency));
      }),
    );
  });
});

describe("a price", () => {
  test.each([
    [0, "USD", 100],
    [50, "USD", 1],
    [30, "GBP", 1],
    [99_999_999, "USD", 1],
    [49_999_999, "USD", 2],
    [17_500, "HUF", 1],
    [50, "JPY", 1],
    [1, "ISK", 1],
    [999_999, "ISK", 1],
    [499_999, "UGX", 2],
    [100, "MGA", 1],
    [1_010, "KWD", 1],
    [10, "BHD", 1],
    [99_999_990, "KWD", 1],
    [999_999_999_999, "IDR", 1],
    [4_999_999_999, "COP", 2],
    [999_999_999, "INR", 1],
    // Nothing is charged for what is free.
    [0, "CLF", 1],
  ])("of %i %s for up to %i units is accepted", (amount, currency, perUserLimit) => {
    expect(refusePrice({ amount, currency }, perUserLimit)).toBeUndefined();
  });

  test.each([
    [20, "USD", 1, "the amount must be 0 (free) or at least 50"],
    [49, "USD", 1, "at least 50"],
    [29, "GBP", 1, "at least 30"],
    [17_499, "HUF", 1, "at least 17500"],
    [49, "JPY", 1, "at least 50"],
    [60_000_000, "USD", 2, "the amount times perUserLimit must be at most 99999999"],
    [100_000_000, "USD", 1, "at most 99999999"],
    [50_000_000, "USD", 2, "at most 99999999"],
    [1_000_000, "ISK", 1, "at most 999999"],
    [500_000, "UGX", 2, "at most 999999"],
    [5_000_000_000, "COP", 2, "at most 9999999999"],
    [1_000_000_000, "INR", 1, "at most 999999999"],
    [10_000_000_000, "MGA", 1, "at most 9999999900"],
    [1_005, "KWD", 1, "must be a multiple of 10"],
    [5, "BHD", 1, "must be a multiple of 10"],
    [150, "MGA", 1, "must be a multiple of 100"],
    [10_000, "CLF", 1, "Stripe does not charge in CLF"],
    [10_000, "UYW", 1, "Stripe does not charge in UYW"],
    [10_000, "IQD", 1, "Stripe does not charge in IQD"],
    [10_000, "ZZZ", 1, "ZZZ is not an active ISO 4217 currency"],
    [0, "ZZZ", 1, "ZZZ is not an active ISO 4217 currency"],
    [10_000, "HRK", 1, "HRK is not an active"],
    [10_000, "DEM", 1, "DEM is not an active"],
    [10_000, "XAU", 1, "XAU is not an active"],
    [10_000, "XTS", 1, "XTS is not an active"],
    [10_000, "XXX", 1, "XXX is not an active"],
  ])("of %i %s for up to %i units is refused: %s", (amount, currency, perUserLimit, why) => {
    expect(refusePrice({ amount, currency }, perUserLimit)).toContain(why);
  });
});

test("lists only active currencies for Stripe, and limits only for currencies it charges in", () => {
  expect([...STRIPE_CURRENCIES].filter((code) => !isActiveCurrency(code))).toEqual([]);
  const limited = [...Object.keys(STRIPE_MINIMUM), ...Object.keys(STRIPE_DECIMALS)];
  expect(limited.filter((code) => !STRIPE_CURRENCIES.has(code))).toEqual([]);
  expect([...STRIPE_CURRENCIES].filter((code) => minorUnitDecimals(code) > 3)).toEqual([]);
});
