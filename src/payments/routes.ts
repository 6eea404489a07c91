// Receives Stripe's webhooks: results that arrive after our own request, or that were made at Stripe.
import { Hono } from "hono";
import type Stripe from "stripe";
import { problem, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readText } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import { parseOrderId } from "../inventory/order-id.ts";
import type { PaymentEvent } from "../inventory/payment-event.ts";
import { causeOf, log } from "../observability/log.ts";
import {
  isOfOtherMode,
  isStripeEvent,
  toPaymentEvent,
  verifyStripeWebhook,
} from "./stripe-events.ts";

const MAX_EVENT_BYTES = 262_144;
const NOT_AN_EVENT = refuse("invalid_request", {
  issues: [{ path: "", message: "must be an event with its object" }],
});

export const paymentRoutes = new Hono<AppEnv>().post("/webhooks/stripe", async (c) => {
  const config = c.get("config");
  const requestId = c.get("requestId");
  if (config.PAYMENTS !== "stripe") return problem(c, refuse("not_found"));
  const body = await readText(c.req.raw, MAX_EVENT_BYTES);
  if (body === undefined) return problem(c, refuse("payload_too_large"));
  let stripeEvent: Stripe.Event;
  try {
    stripeEvent = await verifyStripeWebhook(config, body, c.req.header("stripe-signature") ?? "");
  } catch (error) {
    log("stripe.webhook_refused", { requestId, cause: causeOf(error) });
    return problem(c, refuse("forbidden", { detail: "The signature is not valid" }));
  }
  if (!isStripeEvent(stripeEvent)) {
    return problem(c, NOT_AN_EVENT);
  }
  if (isOfOtherMode(config, stripeEvent)) {
    const { id, type, livemode } = stripeEvent;
    log("stripe.event_of_other_mode", {
      requestId,
      step: type,
      reason: `${id}, livemode: ${livemode}`,
    });
    // Success, because a repetition would not help.
    return c.json({ received: true });
  }
  try {
    const event = await toPaymentEvent(config, stripeEvent);
    if (event) await record(c, event);
    return c.json({ received: true });
  } catch (error) {
    // Stripe retries a webhook that is not answered with success.
    log("stripe.webhook_failed", { requestId, cause: causeOf(error) });
    return problem(c, refuse("unavailable"));
  }
});

/** Records an event in the ledger of its order. @throws if the event must come again: no ledger, or no payment to compare */
async function record(c: AppContext, event: PaymentEvent): Promise<void> {
  const address = parseOrderId(event.orderId);
  if (!address) return;
  const answer = await callInventory(c.env, address, (object) => object.recordEvent(event));
  if (!answer.ok) throw answer.cause;
  if (answer.value === "too_early") throw new Error("the payment of the order is not known yet");
  if (answer.value !== "mismatch") return;
  const { kind, orderId, chargeId } = event;
  const requestId = c.get("requestId");
  log("stripe.event_mismatch", { requestId, orderId, step: kind, reason: chargeId });
}
