// The Stripe gateway. An order has one PaymentIntent for all its attempts, so Stripe itself never charges it twice. Only a
// cancelled one is replaced. The intent is created under an idempotency key and confirmed in a second step. Money moves
// only at confirmation, so an unconfirmed intent can be cancelled for certain.
import Stripe from "stripe";
import { log } from "../observability/log.ts";
import type {
  Charged,
  ChargeOutcome,
  PaymentGateway,
  PaymentRequest,
  Unknown,
  VoidOutcome,
} from "./gateway.ts";
import { fromStripeAmount } from "./stripe-amount.ts";
import { declineReason, type StripeConfig, stripeClient } from "./stripe-client.ts";
import {
  getIntent,
  type Intent,
  IntentRefused,
  intentOf,
  isConfirmationToken,
  isFor,
  isReplayed,
  methodOf,
  once,
  WITH_CHARGE,
} from "./stripe-intent.ts";
import { refundCharge, returnedBy } from "./stripe-refund.ts";

/** @param limitMs the longest that a request may take. A step makes up to three. */
export function stripeGateway(config: StripeConfig, limitMs: number): PaymentGateway {
  const stripe = stripeClient(config, limitMs);
  return {
    charge: (request) => charge(stripe, request).catch(asLimited),
    void: (request) => voidCharge(stripe, request).catch(asLimited),
    refund: (request) => refundCharge(stripe, request).catch(asLimited),
  };
}

/** A 429 because of too many requests. `lock_timeout` has the same status: another request has the intent. */
function asLimited(error: unknown): Unknown {
  const isLimit = error instanceof Stripe.errors.StripeRateLimitError;
  if (!isLimit || error.code === "lock_timeout") throw error;
  return { outcome: "unknown", cause: error.message, isLimited: true };
}

async function charge(stripe: Stripe, request: PaymentRequest): Promise<ChargeOutcome> {
  let intent: Intent | undefined;
  try {
    intent = await intentOf(stripe, request);
    if (!isFor(intent, request)) throw new Error(`the amount of ${intent.id} is not the order's`);
    if (mayConfirm(intent, request)) intent = await confirm(stripe, intent, request);
    return await chargeOutcome(stripe, intent);
  } catch (error) {
    return chargeError(error, intent?.id);
  }
}

/**
 * Whether this attempt may still have to confirm the intent. The first one knows by the intent's state. A later one, and
 * one with a confirmation token, cannot: it confirms again under its key, and Stripe repeats the first answer.
 */
function mayConfirm({ status }: Intent, { attempt, paymentToken }: PaymentRequest): boolean {
  if (status === "requires_confirmation") return true;
  if (attempt === 1 && !isConfirmationToken(paymentToken)) return false;
  return status === "requires_payment_method" || status === "requires_action";
}

async function confirm(stripe: Stripe, intent: Intent, request: PaymentRequest): Promise<Intent> {
  const { orderId, attempt, receiptEmail } = request;
  const step = `${orderId}:${attempt}:confirm`;
  if (!receiptEmail) return confirmAs(stripe, intent, request, step);
  try {
    return await confirmAs(stripe, intent, request, step, { receipt_email: receiptEmail });
  } catch (error) {
    // Stripe refuses the whole request. A receipt must not stop a payment, and its message quotes the address.
    if ((error as { param?: string }).param !== "receipt_email") throw error;
    log("payment.receipt_refused", { orderId });
    return confirmAs(stripe, intent, request, `${step}:no-receipt`);
  }
}

async function confirmAs(
  stripe: Stripe,
  { id }: Intent,
  { attempt, paymentToken }: PaymentRequest,
  step: string,
  receipt: Stripe.PaymentIntentConfirmParams = {},
): Promise<Intent> {
  const isFirst = attempt === 1 && !isConfirmationToken(paymentToken);
  const params = { ...(isFirst ? {} : methodOf(paymentToken)), ...receipt, ...WITH_CHARGE };
  const confirmed = await once(step, (idempotencyKey) =>
    stripe.paymentIntents.confirm(id, params, { idempotencyKey }),
  );
  return isReplayed(confirmed) ? getIntent(stripe, id) : confirmed;
}

async function chargeOutcome(stripe: Stripe, intent: Intent): Promise<ChargeOutcome> {
  const { id: chargeId, status, last_payment_error: error } = intent;
  switch (status) {
    case "succeeded":
      return chargedOutcome(stripe, intent);
    case "canceled":
      // Stripe never charges a cancelled payment again, so another one can replace it.
      return { outcome: "declined", reason: "voided", chargeId, isCancelled: true };
    case "requires_payment_method":
      return { outcome: "declined", reason: declineReason(error), chargeId };
    case "requires_action":
      return { outcome: "action_required", chargeId, clientSecret: intent.client_secret ?? "" };
    case "processing":
      return { outcome: "processing", chargeId };
    default:
      return { outcome: "unknown", cause: `the payment is ${status}` };
  }
}

async function chargedOutcome(
  stripe: Stripe,
  { id: chargeId, latest_charge: charge }: Intent,
): Promise<Charged> {
  const details = typeof charge === "object" ? charge?.payment_method_details : undefined;
  const fingerprint = details?.card?.fingerprint;
  const charged: Charged = { outcome: "charged", chargeId, ...(fingerprint && { fingerprint }) };
  if (typeof charge !== "object" || !charge?.amount_refunded) return charged;
  const { amount, currency } = charge;
  const returned = await returnedBy(stripe, { chargeId, currency });
  const isRefunded = returned === fromStripeAmount({ amount, currency }).amount;
  return isRefunded ? { ...charged, isRefunded } : { ...charged, returned };
}

/** A decline and a permanent refusal are final outcomes. Any other error leaves the outcome unknown. */
function chargeError(error: unknown, chargeId?: string): ChargeOutcome {
  const declined = (reason: string) =>
    ({ outcome: "declined", reason, ...(chargeId ? { chargeId } : {}) }) as const;
  if (error instanceof Stripe.errors.StripeCardError) return declined(declineReason(error));
  const refusal = error instanceof IntentRefused ? error.refusal : error;
  const reason =
    refusal instanceof Stripe.errors.StripeInvalidRequestError && permanentReason(refusal);
  if (reason) return declined(reason);
  throw error;
}

/** Codes about the method alone, such as `payment_method_currency_mismatch`. */
const METHOD_REFUSED = /^(payment_method_|payment_intent_incompatible_payment_method$)/;

/** Why Stripe refuses this token, amount or currency, and always will. Undefined for any other refusal. */
function permanentReason({
  param,
  code,
  message,
}: InstanceType<typeof Stripe.errors.StripeInvalidRequestError>): string | undefined {
  // A method can be used once, even if it was declined. Stripe has neither a code nor a parameter for that.
  if (!code && !param && message.includes("may not be used again")) return "invalid_payment_method";
  if (code && METHOD_REFUSED.test(code)) return "invalid_payment_method";
  if (param === "payment_method" || param === "confirmation_token") return "invalid_payment_method";
  // Not `invalid_amount`: some banks decline with that code, and then another card can pay.
  if (param === "amount") return code ?? "amount_invalid";
  if (param === "currency") return code ?? "invalid_currency";
  return undefined;
}

async function voidCharge(stripe: Stripe, request: PaymentRequest): Promise<VoidOutcome> {
  try {
    const intent = await intentOf(stripe, request);
    const { id: chargeId, status } = intent;
    if (status === "succeeded") return await chargedOutcome(stripe, intent);
    if (status === "processing") return { outcome: "pending", cause: "the payment is processing" };
    // Fails if the intent succeeds at this moment. The next attempt then reads `succeeded`.
    if (status !== "canceled") await stripe.paymentIntents.cancel(chargeId);
    return { outcome: "voided", chargeId };
  } catch (error) {
    if (error instanceof IntentRefused) return { outcome: "voided" };
    throw error;
  }
}
