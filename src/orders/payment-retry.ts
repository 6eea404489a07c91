// What follows a fruitless try of a payment: another one with backoff, and in the end an operator or the ledger.
import type { OrderMessage } from "../inventory/messages.ts";
import { causeOf, log } from "../observability/log.ts";
import { type DeadLetterEnv, MAX_DELIVERIES, retryDelaySeconds } from "./delivery.ts";
import type { Settlement } from "./settle-payment.ts";

export const PAYMENTS_QUEUE = "doorbuster-payments";

/**
 * Seconds until the next try after try number `tries`. Null after the last one: an operator finds a dead letter if the
 * fault is a lasting one, and the ledger sends the order again in any case.
 */
export async function secondsToNextTry(
  env: DeadLetterEnv,
  message: OrderMessage,
  tries: number,
  { reason, lasting }: Extract<Settlement, { is: "unfinished" }>,
): Promise<number | null> {
  if (tries < MAX_DELIVERIES) return retryDelaySeconds(tries);
  const { orderId } = message;
  log("payments.given_up", { orderId, reason, attempts: tries });
  if (!lasting) return null;
  const diedAt = new Date().toISOString();
  const letter = { id: orderId, queue: PAYMENTS_QUEUE, message, reason, attempts: tries, diedAt };
  await env.DEAD_LETTERS.send(letter).catch((error) => {
    log("payments.dead_letter_failed", { orderId, cause: causeOf(error) });
  });
  return null;
}
