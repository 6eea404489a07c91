// How consumers retry a message that failed: with backoff, and after enough deliveries as a dead letter with the
// reason.
import { type LogFields, log } from "../observability/log.ts";

/** The subject of a message, for the log. */
export type AboutOrder = Pick<LogFields, "orderId" | "requestId">;

export interface DeadLetterEnv {
  DEAD_LETTERS: Queue<DeadLetter>;
}

/** A message that exhausted its retries, with what an operator needs to decide about it. */
export interface DeadLetter {
  /** The id of the order if it is known, so that another failure of the order replaces its letter. */
  id: string;
  queue: string;
  message: unknown;
  reason: string;
  attempts: number;
  /** ISO 8601. */
  diedAt: string;
}

/** Deliveries before a message becomes a dead letter: about 15 minutes with the delays below. */
export const MAX_DELIVERIES = 10;
const RETRY_BASE_SECONDS = 2;
const RETRY_MAX_SECONDS = 600;

/** Seconds to wait after delivery number `attempts`: doubles each time, with up to 25% jitter. */
export function retryDelaySeconds(attempts: number, random = Math.random()): number {
  const backoff = Math.min(RETRY_BASE_SECONDS * 2 ** Math.min(attempts - 1, 20), RETRY_MAX_SECONDS);
  return Math.ceil(backoff * (1 + random / 4));
}

/** Longest delay of a message that the ledger would send again anyway, in seconds. */
const DEFERRED_DELAY_SECONDS = 60;

/**
 * Retries a message after a transient fault: an object, Redis or the shop does not answer. The message never becomes
 * a dead letter: after enough deliveries it is dropped, and the ledger sends a new one.
 */
export function retryOrDefer(message: Message, reason: string, about: AboutOrder = {}): void {
  const { id: messageId, attempts } = message;
  if (attempts >= MAX_DELIVERIES) {
    log("queue.deferred_to_ledger", { ...about, messageId, reason, attempts });
    message.ack();
    return;
  }
  const delay = Math.min(retryDelaySeconds(attempts), DEFERRED_DELAY_SECONDS);
  message.retry({ delaySeconds: delay });
}

/** Retries a message, or makes it a dead letter with the given id, which shows `reason` to the operator. */
export async function retryOrDeadLetter(
  env: DeadLetterEnv,
  queue: string,
  message: Message,
  reason: string,
  id = message.id,
  about: AboutOrder = {},
): Promise<void> {
  const { attempts, body } = message;
  if (attempts >= MAX_DELIVERIES) {
    try {
      const diedAt = new Date().toISOString();
      await env.DEAD_LETTERS.send({ id, queue, message: body, reason, attempts, diedAt });
      message.ack();
      log("queue.dead_lettered", { ...about, messageId: message.id, reason, attempts });
      return;
    } catch {
      // The queue refuses it. The platform makes it a dead letter after its own last delivery.
    }
  }
  message.retry({ delaySeconds: retryDelaySeconds(attempts) });
}
