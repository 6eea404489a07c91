// Receives Stripe's webhooks: results that arrive after our own request, or that were made at Stripe.
import { Hono } from "hono";
import { problem, refuse } from "../errors.ts";
import { type AppEnv, readText } from "../http.ts";
import { callInventory } from "../inventory/client.ts";
import { parseOrderId } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { readStripeWebhook, type StripePaymentEvent } from "./stripe-events.ts";

const MAX_EVENT_BYTES = 262_144;

export const paymentRoutes = new Hono<AppEnv>().post("/webhooks/stripe", async (c) => {
  const config = c.get("config");
  if (config.PAYMENTS !== "stripe") return problem(c, refuse("not_found"));
  const body = await readText(c.req.raw, MAX_EVENT_BYTES);
  if (body === undefined) return problem(c, refuse("payload_too_large"));
  let event: StripePaymentEvent;
  try {
    event = await readStripeWebhook(config, body, c.req.header("stripe-signature") ?? "");
  } catch (error) {
    log("stripe.webhook_refused", { requestId: c.get("requestId"), cause: causeOf(error) });
    return problem(c, refuse("forbidden", { detail: "The signature is not valid" }));
  }
  const address = event && parseOrderId(event.ref.orderId);
  if (!event || !address) return c.json({ received: true });
  const results = [{ ...event.ref, money: event.money }];
  const answer = await callInventory(c.env, address, (o) =>
    o.recordPayments(results, { send: true }),
  );
  // Stripe retries a webhook that is not answered with success.
  return answer.ok ? c.json({ received: true }) : problem(c, refuse(answer.reason));
});
