// Verifies and reads Stripe's webhook events. They come at least once, late and in any order.
import Stripe from "stripe";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { type OrderRef, parseOrderId } from "../inventory/order-id.ts";
import type { PaymentEvent } from "../inventory/payment-event.ts";
import { fromStripeAmount } from "./stripe-amount.ts";
import { endOfSecond, type StripeConfig, stripeClient } from "./stripe-client.ts";
import { returnedBy } from "./stripe-refund.ts";

/** Stripe waits ten seconds for the answer to a webhook. An event takes at most two requests. */
const REQUEST_LIMIT_MS = 4_000;

/**
 * Verifies the signature of a webhook with each of the secrets.
 * @throws if none of them made it, or if it is older than five minutes
 */
export async function verifyStripeWebhook(
  config: StripeConfig & Pick<Config, "STRIPE_WEBHOOK_SECRET">,
  body: string,
  signature: string,
): Promise<Stripe.Event> {
  const { webhooks } = stripeClient(config);
  const crypto = Stripe.createSubtleCryptoProvider();
  let failure: unknown = new Error("STRIPE_WEBHOOK_SECRET is not set");
  for (const secret of config.STRIPE_WEBHOOK_SECRET ?? []) {
    try {
      return await webhooks.constructEventAsync(body, signature, secret, undefined, crypto);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const eventSchema = z.looseObject({
  type: z.string(),
  created: z.int(),
  data: z.looseObject({ object: z.looseObject({}) }),
});

/** Whether a signed body has the shape of an event with its object. Stripe's thin events have none. */
export const isStripeEvent = (body: unknown): boolean => eventSchema.safeParse(body).success;

/**
 * Whether an event is of the other mode than the secret key. Test and live mode have objects of their own, so the key cannot
 * look the event up. A key whose prefix tells no mode is not compared.
 */
export function isOfOtherMode(
  { STRIPE_SECRET_KEY = "" }: StripeConfig,
  { livemode }: Stripe.Event,
): boolean {
  const mode = /^[sr]k_(test|live)_/.exec(STRIPE_SECRET_KEY)?.[1];
  return mode !== undefined && livemode !== (mode === "live");
}

/** An event before it is known which order it is about. */
type Subject = Omit<PaymentEvent, "userId" | "orderId" | "at"> & {
  metadata: Stripe.Metadata | null;
};

/** Reads an event. Undefined if it is not about an order of this shop. */
export async function toPaymentEvent(
  config: StripeConfig,
  event: Stripe.Event,
): Promise<PaymentEvent | undefined> {
  const subject = subjectOf(event);
  if (!subject) return undefined;
  const { metadata, ...rest } = subject;
  const stripe = stripeClient(config, REQUEST_LIMIT_MS);
  const isPayment = event.type.startsWith("payment_intent.");
  // The secret key cannot look up what belongs to a connected account, which wrote these metadata itself.
  const isForeign = Boolean(event.account);
  const canLookUp = !isPayment && !isForeign;
  const ref = refOf(metadata) ?? (canLookUp ? await refAt(stripe, subject.chargeId) : undefined);
  if (!ref) return undefined;
  const at = endOfSecond(event.created);
  if (isForeign) return { ...ref, at, ...rest, isForeign };
  return { ...ref, at, ...rest, ...(await returnedNow(stripe, subject)) };
}

/** The order that metadata name. Other programs of the shop write metadata of their own, also an `order_id`. */
function refOf(metadata: Stripe.Metadata | null): OrderRef | undefined {
  const { order_id: orderId = "", user_id: userId } = metadata ?? {};
  return userId && parseOrderId(orderId) ? { userId, orderId } : undefined;
}

/** The order that a payment names. A refund made in Stripe's dashboard names none. */
async function refAt(stripe: Stripe, id: string): Promise<OrderRef | undefined> {
  try {
    return refOf((await stripe.paymentIntents.retrieve(id)).metadata);
  } catch (error) {
    // Without this payment the event cannot be about an order.
    if ((error as { code?: string }).code === "resource_missing") return undefined;
    throw error;
  }
}

/**
 * The amount that refunds at Stripe returned. An event states one refund, or a total that counts pending ones, so adding
 * events up goes wrong when they repeat or change their order.
 */
async function returnedNow(
  stripe: Stripe,
  { kind, chargeId, amount, refundId }: Subject,
): Promise<{ returned?: number }> {
  if (!RETURNS.has(kind) || !amount || refundId) return {};
  return { returned: await returnedBy(stripe, { chargeId, currency: amount.currency }) };
}

const RETURNS: ReadonlySet<PaymentEvent["kind"]> = new Set([
  "refunding",
  "refunded",
  "refund_failed",
]);

const idOf = (object: { id: string } | string | null): string | undefined =>
  typeof object === "string" ? object : object?.id;

function subjectOf(event: Stripe.Event): Subject | undefined {
  switch (event.type) {
    case "payment_intent.succeeded": {
      const { id, metadata, amount_received, currency } = event.data.object;
      const amount = fromStripeAmount({ amount: amount_received, currency });
      return { kind: "succeeded", chargeId: id, metadata, amount };
    }
    case "payment_intent.canceled":
    case "payment_intent.payment_failed":
    case "payment_intent.processing": {
      const { id, metadata } = event.data.object;
      return { kind: "changed", chargeId: id, metadata };
    }
    case "payment_intent.requires_action": {
      const { id, metadata } = event.data.object;
      return { kind: "asked", chargeId: id, metadata };
    }
    case "charge.refunded": {
      const { payment_intent, metadata, amount_refunded, currency } = event.data.object;
      const chargeId = idOf(payment_intent);
      const amount = fromStripeAmount({ amount: amount_refunded, currency });
      return chargeId ? { kind: "refunding", chargeId, metadata, amount } : undefined;
    }
    case "refund.created":
    case "refund.updated":
    case "refund.failed":
    // Of a card's refund, API versions before 2024-10-28 send only this one.
    case "charge.refund.updated":
      return refundSubject(event.data.object);
    case "charge.dispute.created":
    case "charge.dispute.updated":
    case "charge.dispute.closed":
    case "charge.dispute.funds_withdrawn":
    case "charge.dispute.funds_reinstated": {
      const { id, payment_intent, status } = event.data.object;
      const chargeId = idOf(payment_intent);
      // A dispute has metadata of its own, which never name an order.
      return chargeId
        ? { kind: "disputed", chargeId, metadata: null, dispute: { id, status } }
        : undefined;
    }
    default:
      return undefined;
  }
}

function refundSubject(refund: Stripe.Refund): Subject | undefined {
  const { payment_intent, metadata, amount, currency, status, failure_reason } = refund;
  const chargeId = idOf(payment_intent);
  const hasFailed = status === "failed" || status === "canceled";
  if (!chargeId || (!hasFailed && status !== "succeeded")) return undefined;
  return {
    kind: hasFailed ? "refund_failed" : "refunded",
    chargeId,
    metadata,
    amount: fromStripeAmount({ amount, currency }),
    ...(hasFailed ? { reason: failure_reason ?? `refund_${status}` } : {}),
    ...(metadata?.refund_id ? { refundId: metadata.refund_id } : {}),
  };
}
