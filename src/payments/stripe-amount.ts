// Converts between the shop's amounts (ISO 4217 minor units) and Stripe's, and finds prices that Stripe never charges.
import { minorUnitDecimals } from "../values/iso-4217.ts";
import type { Money } from "../values/money.ts";
import {
  STRIPE_CURRENCIES,
  STRIPE_DECIMALS,
  STRIPE_MINIMUM,
  stripeMaximum,
} from "./stripe-currencies.ts";

/** An amount as Stripe's API has it: the currency in lower case. */
export interface StripeAmount {
  amount: number;
  currency: string;
}

/** Moves the decimal point. Divides instead of multiplying by a fraction, which would not be exact. */
const shift = (amount: number, digits: number): number =>
  digits < 0 ? amount / 10 ** -digits : amount * 10 ** digits;

/** How many more decimals an amount has at Stripe than in ISO 4217: 2 for ISK and UGX, -2 for MGA, else 0. */
function extraDecimals(currency: string): number {
  const decimals = minorUnitDecimals(currency);
  return (STRIPE_DECIMALS[currency] ?? decimals) - decimals;
}

/** The amount to send. It is a fraction, which Stripe refuses, if it is less than Stripe's smallest unit. */
export const toStripeAmount = ({ amount, currency }: Money): StripeAmount => ({
  amount: shift(amount, extraDecimals(currency)),
  currency: currency.toLowerCase(),
});

/** The amount that Stripe reports, in ISO 4217 minor units. */
export function fromStripeAmount(stripe: StripeAmount): Money {
  const currency = stripe.currency.toUpperCase();
  return { amount: shift(stripe.amount, -extraDecimals(currency)), currency };
}

/**
 * Why Stripe can never charge this unit price, for one unit or for as many as a buyer may take; undefined if it can.
 * Numbers in the text are in the shop's minor units, as in the API.
 */
export function refuseStripePrice(unitPrice: Money, perUserLimit: number): string | undefined {
  const { amount, currency } = unitPrice;
  if (amount === 0) return undefined;
  if (!STRIPE_CURRENCIES.has(currency)) return `Stripe does not charge in ${currency}`;
  const step = smallestStep(currency);
  if (amount % step !== 0) {
    return `the amount must be a multiple of ${step}: Stripe charges no smaller part of ${currency}`;
  }
  const inShopUnits = (limit: number) => fromStripeAmount({ amount: limit, currency }).amount;
  const minimum = inShopUnits(STRIPE_MINIMUM[currency] ?? 1);
  if (amount < minimum) {
    return `the amount must be 0 (free) or at least ${minimum}, the least that Stripe charges in ${currency}`;
  }
  const maximum = Math.floor(inShopUnits(stripeMaximum(currency)));
  if (amount * perUserLimit > maximum) {
    return `the amount times perUserLimit must be at most ${maximum}, the most that Stripe charges in ${currency}`;
  }
  return undefined;
}

/** The smallest step between two prices. Stripe takes three-decimal currencies with a last digit of 0 only. */
function smallestStep(currency: string): number {
  if (minorUnitDecimals(currency) === 3) return 10;
  return Math.max(1, shift(1, -extraDecimals(currency)));
}
