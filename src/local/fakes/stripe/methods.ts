// The payment methods of the fake Stripe: what each does, and how a request names one.
import { invalid } from "./errors.ts";

/** Payment methods that are declined, with `code` and `decline_code`. The names are those of Stripe's test methods. */
export const DECLINES: Record<string, [code: string, declineCode: string]> = {
  pm_card_chargeDeclined: ["card_declined", "generic_decline"],
  pm_card_visa_chargeDeclinedInsufficientFunds: ["card_declined", "insufficient_funds"],
  pm_card_visa_chargeDeclinedLostCard: ["card_declined", "lost_card"],
  pm_card_visa_chargeDeclinedFraudulent: ["card_declined", "fraudulent"],
  pm_card_chargeDeclinedExpiredCard: ["expired_card", "expired_card"],
  pm_card_chargeDeclinedIncorrectCvc: ["incorrect_cvc", "incorrect_cvc"],
  pm_card_chargeDeclinedProcessingError: ["processing_error", "processing_error"],
};

/** Stays `processing` until `finish`, like a bank debit. */
export const PENDING = "pm_fake_pending";

/** The method that a confirmation brings. The confirmation tokens `ctoken_x` and `ctoken_x__1` are for the method `pm_x`. */
export function methodIn(params: URLSearchParams): string | null {
  const token = params.get("confirmation_token");
  if (token !== null) return known(methodOf(token), "confirmation_token");
  const method = params.get("payment_method");
  return method === null ? null : known(method, "payment_method");
}

/** Where the receipt goes. Domains that end in `.invalid` are refused: Stripe refuses addresses by rules of its own. */
export function receiptEmailIn(params: URLSearchParams): string | null {
  const email = params.get("receipt_email");
  if (email === null || /^[^@\s]+@[^@\s]+$(?<!\.invalid)/.test(email)) return email;
  const error = { code: "email_invalid", param: "receipt_email" };
  throw invalid(`Invalid email address: ${email}`, error);
}

const methodOf = (token: string): string => token.replace(/^ctoken_/, "pm_").replace(/__.*$/, "");

/** Methods that Stripe refuses for good. It names the parameter in neither case. */
const REFUSED: Record<string, [message: string, more?: { code: string }]> = {
  pm_fake_used: [
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment. It may not be used again.",
  ],
  pm_fake_incompatible: [
    "The PaymentMethod provided (sepa_debit) is not allowed for this PaymentIntent.",
    { code: "payment_intent_incompatible_payment_method" },
  ],
  pm_fake_currency: [
    "The currency provided (usd) is invalid for the attached payment method.",
    { code: "payment_method_currency_mismatch" },
  ],
};

/** @throws StripeFault if there is no such payment method, or it is refused */
export function known(method: string, param: string): string {
  const refused = REFUSED[method];
  if (refused) throw invalid(...refused);
  if (/^pm_(card|fake)_/.test(method)) return method;
  const message = `No such PaymentMethod: '${method}'`;
  throw invalid(message, { code: "resource_missing", param });
}
