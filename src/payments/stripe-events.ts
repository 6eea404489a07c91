// Verifies and reads Stripe's webhook events.
import Stripe from "stripe";
import type { MoneyOutcome } from "../inventory/decide-order.ts";
import type { OrderRef } from "../inventory/order-id.ts";
import { declineReason, type StripeConfig, stripeClient } from "./stripe-client.ts";

/** The payment result of an order in an event. Undefined if the event is about something else. */
export type StripePaymentEvent = { ref: OrderRef; money: MoneyOutcome } | undefined;

/**
 * Verifies the signature of a webhook and reads it. @throws if the signature is not Stripe's, or is older than five
 * minutes
 */
export async function readStripeWebhook(
  config: StripeConfig,
  body: string,
  signature: string,
): Promise<StripePaymentEvent> {
  const event = await stripeClient(config).webhooks.constructEventAsync(
    body,
    signature,
    config.STRIPE_WEBHOOK_SECRET as string,
    undefined,
    Stripe.createSubtleCryptoProvider(),
  );
  switch (event.type) {
    case "payment_intent.succeeded":
      return toResult(event.data.object, { outcome: "charged", chargeId: event.data.object.id });
    case "payment_intent.canceled":
      return toResult(event.data.object, { outcome: "declined", reason: "voided" });
    case "payment_intent.payment_failed": {
      const reason = declineReason(event.data.object.last_payment_error);
      return toResult(event.data.object, { outcome: "declined", reason });
    }
    case "charge.refunded":
      return event.data.object.refunded
        ? toResult(event.data.object, { outcome: "refunded" })
        : undefined;
    default:
      return undefined;
  }
}

function toResult(
  { metadata }: { metadata: Stripe.Metadata },
  money: MoneyOutcome,
): StripePaymentEvent {
  const { order_id: orderId, user_id: userId } = metadata;
  return orderId && userId ? { ref: { userId, orderId }, money } : undefined;
}
