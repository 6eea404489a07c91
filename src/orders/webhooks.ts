// Fan-out: every final change of an order is offered to the shop's own systems, signed as the Standard
// Webhooks specification says, at least once, under an id that stays the same when it is repeated.
import { Webhook } from "standardwebhooks";
import * as z from "zod";
import type { Config } from "../config.ts";
import { type Order, orderSchema } from "../inventory/order.ts";
import { causeOf } from "../observability/log.ts";
import { type DeadLetterEnv, retryOrBury } from "./delivery.ts";

export type WebhookConfig = Pick<Config, "ORDER_WEBHOOK_URL" | "ORDER_WEBHOOK_SECRET">;

const REQUEST_LIMIT_MS = 5_000;

const eventSchema = z.object({
  /** `{order id}.{version}`: receivers drop what they have seen. */
  id: z.string(),
  type: z.string(),
  userId: z.string(),
  order: orderSchema,
});

/** A final change of an order, as the shop receives it. */
export type OrderEvent = z.output<typeof eventSchema>;

/** The event of an order's newest version; undefined while it is only reserved. */
export function toEvent(userId: string, order: Order): OrderEvent | undefined {
  if (order.status === "reserved") return undefined;
  return { id: `${order.id}.${order.version}`, type: `order.${order.status}`, userId, order };
}

/** The event in a message; undefined when it is none, or one of a newer version of ours. */
export function readEvent(body: unknown): OrderEvent | undefined {
  return eventSchema.safeParse(body).data;
}

/** Delivers a batch of events, each acknowledged or retried on its own. */
export async function deliverWebhooks(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: DeadLetterEnv,
  config: WebhookConfig,
): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      const event = readEvent(message.body);
      const fault = event ? await deliver(event, config) : "the event cannot be read";
      if (fault) await retryOrBury(env, batch.queue, message, fault, event?.id);
      else message.ack();
    }),
  );
}

/** Posts one event; what went wrong, or undefined when the shop took it. */
async function deliver(event: OrderEvent, config: WebhookConfig): Promise<string | undefined> {
  if (!config.ORDER_WEBHOOK_URL || !config.ORDER_WEBHOOK_SECRET)
    return "no ORDER_WEBHOOK_URL is set";
  const text = JSON.stringify(event);
  const sentAt = new Date();
  try {
    const response = await fetch(config.ORDER_WEBHOOK_URL, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      headers: {
        "Content-Type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
        "webhook-signature": new Webhook(config.ORDER_WEBHOOK_SECRET).sign(event.id, sentAt, text),
      },
      body: text,
    });
    await response.body?.cancel();
    return response.ok ? undefined : `the shop answered ${response.status}`;
  } catch (error) {
    return `the shop could not be reached (${causeOf(error)})`;
  }
}
