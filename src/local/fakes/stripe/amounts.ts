// Which amounts the fake Stripe accepts. It shares only Stripe's published limits with the gateway, not the gateway's
// conversions, so that a wrong conversion is refused here as it would be by the real Stripe.
import {
  STRIPE_CURRENCIES,
  STRIPE_MINIMUM,
  stripeMaximum,
} from "../../../payments/stripe-currencies.ts";
import { invalid } from "./errors.ts";

const WHOLE_UNITS_ONLY = ["isk", "ugx"];
const THREE_DECIMALS = ["bhd", "jod", "kwd", "omr", "tnd"];

/** Reads the amount and the currency of a new payment intent. @throws StripeFault in Stripe's words */
export function readAmount(params: URLSearchParams): { amount: number; currency: string } {
  const currency = params.get("currency") ?? "";
  const text = params.get("amount") ?? "";
  if (currency !== currency.toLowerCase() || !STRIPE_CURRENCIES.has(currency.toUpperCase())) {
    const codes = [...STRIPE_CURRENCIES].join(", ").toLowerCase();
    const message = `Invalid currency: ${currency}. Stripe currently supports these currencies: ${codes}`;
    throw invalid(message, { param: "currency" });
  }
  if (!/^\d+$/.test(text)) throw refused(`Invalid integer: ${text}`, "parameter_invalid_integer");
  const amount = Number(text);
  const minimum = STRIPE_MINIMUM[currency.toUpperCase()] ?? 1;
  const maximum = stripeMaximum(currency.toUpperCase());
  if (amount < minimum) {
    throw refused(`Amount must be at least ${minimum} ${currency}`, "amount_too_small");
  }
  if (amount > maximum) {
    throw refused(`Amount must be no more than ${maximum} ${currency}`, "amount_too_large");
  }
  if (WHOLE_UNITS_ONLY.includes(currency) && amount % 100 !== 0) {
    const why =
      "has become effectively zero-decimal and charged amounts must be evenly divisible by 100";
    throw refused(`Invalid amount. Currency ${currency.toUpperCase()} ${why}.`);
  }
  if (THREE_DECIMALS.includes(currency) && amount % 10 !== 0) {
    throw refused(`Invalid amount. The last digit must be 0 in ${currency.toUpperCase()}.`);
  }
  return { amount, currency };
}

const refused = (message: string, code?: string) =>
  invalid(message, { ...(code === undefined ? {} : { code }), param: "amount" });
