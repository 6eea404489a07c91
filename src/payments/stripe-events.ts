// What Stripe tells by itself: results that come later than our own request, or were made at Stripe.
import Stripe from "stripe";
import type { MoneyOutcome } from "../inventory/decide-order.ts";
import type { OrderRef } from "../inventory/order-id.ts";
import { declineReason, type StripeConfig, stripeClient } from "./stripe-client.ts";

/** What a webhook says about one of our orders; undefined when it is about something else. */
export type StripePaymentEvent = { ref: OrderRef; money: MoneyOutcome } | undefined;

/**
 * Checks a webhook's signature and reads it. Results that arrive this way are applied like any other.
 * @throws when the signature is not Stripe's, or older than five minutes
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
      return news(event.data.object, { outcome: "charged", chargeId: event.data.object.id });
    case "payment_intent.canceled":
      return news(event.data.object, { outcome: "declined", reason: "voided" });
    case "payment_intent.payment_failed": {
      const reason = declineReason(event.data.object.last_payment_error);
      return news(event.data.object, { outcome: "declined", reason });
    }
    case "charge.refunded":
      return event.data.object.refunded
        ? news(event.data.object, { outcome: "refunded" })
        : undefined;
    default:
      return undefined;
  }
}

function news(
  { metadata }: { metadata: Stripe.Metadata },
  money: MoneyOutcome,
): StripePaymentEvent {
  const { order_id: orderId, user_id: userId } = metadata;
  return orderId && userId ? { ref: { userId, orderId }, money } : undefined;
}
