// From the ledger to the queue. The order rows are the outbox: the object's alarm sends an order again until its
// newest version is acknowledged. Sending early is only an optimization.
import { causeOf, log } from "../observability/log.ts";
import type { Unacknowledged } from "./ledger-index.ts";

/** `sendBatch` takes 100 messages or 256 KB; each message here is below 1 KB. */
export const MAX_BATCH = 100;

/** Pause before the first resend. Each further pause is twice as long. */
const RESEND_BASE_MS = 10_000;
const RESEND_MAX_MS = 300_000;
/** An operator should look after this many tries: about ten minutes. */
const STUCK_AFTER_TRIES = 6;

/**
 * How often an order that changed at `changedAt` has been sent by `now`, and when it is due again. Both follow
 * from its age alone, so an evicted object forgets nothing and counting writes no row.
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

/** When an order is sent again. A due time further ahead than any resend means that a clock was set back. */
export const resendBy = ({ dueAt }: Pick<Unacknowledged, "dueAt">, now: number): number =>
  dueAt - now > 2 * RESEND_MAX_MS ? now : dueAt;

export const isStuck = ({ changedAt }: Pick<Unacknowledged, "changedAt">, now: number): boolean =>
  resendSchedule(changedAt, now).tries > STUCK_AFTER_TRIES;

/** How long messages collect before they are sent. A burst then needs few calls, and no caller waits for one. */
export const COLLECT_MS = 20;

/** Combines messages that are posted at the same moment, or while a batch is in flight. */
export class Outbox<Body extends { orderId: string }> {
  readonly #queue: Pick<Queue<Body>, "sendBatch">;
  readonly #pending = new Map<string, Body>();
  #sending = false;
  messagesSent = 0;

  constructor(queue: Pick<Queue<Body>, "sendBatch">) {
    this.#queue = queue;
  }

  /** Adds messages and starts sending. Never throws: the alarm sends again what the queue did not take. */
  post(messages: Body[]): void {
    for (const message of messages) this.#pending.set(message.orderId, message);
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    while (this.#pending.size > 0) {
      if (this.#pending.size < MAX_BATCH) await new Promise((done) => setTimeout(done, COLLECT_MS));
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
