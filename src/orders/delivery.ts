// What every consumer does with a message it could not deal with: try again later, and bury it with the
// reason when that has been tried often enough.
import { log } from "../observability/log.ts";

export interface DeadLetterEnv {
  DEAD_LETTERS: Queue<DeadLetter>;
}

/** A message that was given up, with what the operator needs to decide about it. */
export interface DeadLetter {
  /** What it is about, where that is known: an order that dies again replaces its letter. */
  id: string;
  queue: string;
  message: unknown;
  reason: string;
  attempts: number;
  /** ISO 8601. */
  diedAt: string;
}

/** Deliveries before a message is buried: with the delays below about a quarter of an hour. */
export const MAX_DELIVERIES = 10;
const RETRY_BASE_SECONDS = 2;
const RETRY_MAX_SECONDS = 600;

/** Seconds to wait after delivery number `attempts`: doubling, with up to a quarter of jitter. */
export function retryDelaySeconds(attempts: number, random = Math.random()): number {
  const backoff = Math.min(RETRY_BASE_SECONDS * 2 ** Math.min(attempts - 1, 20), RETRY_MAX_SECONDS);
  return Math.ceil(backoff * (1 + random / 4));
}

/** What the ledger sends again waits no longer than this for its next delivery, in seconds. */
const LEFT_DELAY_SECONDS = 60;

/**
 * Has a message delivered again later, for a fault that passes and that no operator needs to look at: an object,
 * Redis or the shop does not answer. It never becomes a dead letter: left alone, it comes again from the ledger.
 */
export function retryOrDefer(message: Message, reason: string): void {
  if (message.attempts >= MAX_DELIVERIES) {
    log("queue.left_to_ledger", { messageId: message.id, reason, attempts: message.attempts });
    message.ack();
    return;
  }
  const delay = Math.min(retryDelaySeconds(message.attempts), LEFT_DELAY_SECONDS);
  message.retry({ delaySeconds: delay });
}

/** Has a message delivered again later, or buries it. The reason is what an operator will read. */
export async function retryOrDeadLetter(
  env: DeadLetterEnv,
  queue: string,
  message: Message,
  reason: string,
  id = message.id,
): Promise<void> {
  const { attempts, body } = message;
  if (attempts >= MAX_DELIVERIES) {
    try {
      const diedAt = new Date().toISOString();
      await env.DEAD_LETTERS.send({ id, queue, message: body, reason, attempts, diedAt });
      message.ack();
      log("queue.dead_lettered", { messageId: message.id, reason, attempts });
      return;
    } catch {
      // The queue does not take it: the platform buries it after its own last delivery.
    }
  }
  message.retry({ delaySeconds: retryDelaySeconds(attempts) });
}
