// From the ledger to the queue. The order rows themselves are the outbox: a row whose version is not
// acknowledged is sent again, by the object's alarm, until it is. Sending is only ever an optimisation.
import { causeOf, log } from "../observability/log.ts";
import type { Unacknowledged } from "./ledger.ts";

/** `sendBatch` takes 100 messages or 256 KB; ours are below 1 KB each. */
const MAX_BATCH = 100;

/** First resend this long after the change, then twice as long each time. */
const RESEND_BASE_MS = 10_000;
const RESEND_MAX_MS = 300_000;
/** After so many tries an operator should look: about ten minutes. */
const STUCK_AFTER_TRIES = 6;

/**
 * How often an order changed at `changedAt` has been sent by `now`, and when it is due again. Both
 * follow from its age alone, so an evicted object forgets nothing and no row is written to count.
 */
export function resendSchedule(changedAt: number, now: number): { tries: number; dueAt: number } {
  const age = Math.max(0, now - changedAt);
  let tries = 1;
  let offset = RESEND_BASE_MS;
  for (let step = 2 * RESEND_BASE_MS; offset <= age && step < RESEND_MAX_MS; step *= 2) {
    offset += step;
    tries += 1;
  }
  if (offset <= age) {
    const steps = Math.floor((age - offset) / RESEND_MAX_MS) + 1;
    offset += steps * RESEND_MAX_MS;
    tries += steps;
  }
  return { tries, dueAt: changedAt + offset };
}

/** When an order must be looked at again. One due later than any resend was changed before a clock was set back. */
export const resendBy = ({ dueAt }: Pick<Unacknowledged, "dueAt">, now: number): number =>
  dueAt - now > 2 * RESEND_MAX_MS ? now : dueAt;

export const isStuck = ({ changedAt }: Unacknowledged, now: number): boolean =>
  resendSchedule(changedAt, now).tries > STUCK_AFTER_TRIES;

/** Messages gather this long before they leave: a burst then needs few calls, and nobody waits for one. */
const GATHER_MS = 20;

/** Coalesces what is posted in the same moment or while a batch is on its way. */
export class Outbox<Body extends { orderId: string }> {
  readonly #queue: Pick<Queue<Body>, "sendBatch">;
  readonly #pending = new Map<string, Body>();
  #sending = false;
  messagesSent = 0;

  constructor(queue: Pick<Queue<Body>, "sendBatch">) {
    this.#queue = queue;
  }

  /** Queues messages and starts sending. Never throws: the alarm sends again what was not taken. */
  post(messages: Body[]): void {
    for (const message of messages) this.#pending.set(message.orderId, message);
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    while (this.#pending.size > 0) {
      if (this.#pending.size < MAX_BATCH) await new Promise((done) => setTimeout(done, GATHER_MS));
      const batch = [...this.#pending.values()].slice(0, MAX_BATCH);
      for (const { orderId } of batch) this.#pending.delete(orderId);
      try {
        await this.#queue.sendBatch(batch.map((body) => ({ body })));
        this.messagesSent += batch.length;
      } catch (error) {
        log("outbox.send_failed", { count: batch.length, cause: causeOf(error) });
        this.#pending.clear();
      }
    }
    this.#sending = false;
  }
}
