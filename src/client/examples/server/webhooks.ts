// Receives the webhooks of Doorbuster, whatever the framework.
import { type Webhook, WebhookVerificationError } from "standardwebhooks";
import type { OrderBook, OrderEvent } from "./order-book.ts";

/** Far more than an event has. */
export const MAX_BODY_BYTES = 65_536;

/**
 * Verifies and records a request. Returns the status of the answer: 204 also for what was seen before and for types that are
 * new, because anything but 2xx is sent again. Work that takes long belongs after the answer, which is waited for only 5 s.
 *
 * @param body as it arrived, byte for byte: a body that was parsed and written again has another signature
 */
export function receive(
  body: string,
  headers: Record<string, string>,
  { webhooks, book }: { webhooks: Webhook[]; book: OrderBook },
): 204 | 401 {
  const event = verified(body, headers, webhooks);
  if (event === undefined) return 401;
  if (event.order) book.record(event as OrderEvent); // `webhook.test` has none
  return 204;
}

/** The event, if one of the secrets signed it within five minutes. */
function verified(
  body: string,
  headers: Record<string, string>,
  webhooks: Webhook[],
): Partial<OrderEvent> | undefined {
  for (const webhook of webhooks) {
    try {
      return webhook.verify(body, headers) as Partial<OrderEvent>;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
    }
  }
  return undefined;
}
