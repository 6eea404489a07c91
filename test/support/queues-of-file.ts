// Keeps queue messages of earlier test files out of the current one. `reset` deletes the objects that sent them, but the
// local queues keep the messages, and would deliver and retry them for a quarter of an hour. Ten thousand waiting retries
// break a local queue for good, because its own timers are limited.
import { vi } from "vitest";
import worker from "../../src/index.ts";

/** The Worker's consumer, for batches that a test delivers itself. */
export const consume = worker.queue;

/** When the current file started, in milliseconds. Infinity between two files. */
let startedAt = Number.POSITIVE_INFINITY;
let running = 0;

/** Whether a message was sent since the current file started. The queue stamps messages by the real clock. */
export const isOfThisFile = ({ timestamp }: Message): boolean => timestamp.getTime() >= startedAt;

worker.queue = async (batch, env) => {
  const messages = batch.messages.filter(isOfThisFile);
  for (const message of batch.messages) if (!isOfThisFile(message)) message.ack();
  if (messages.length === 0) return;
  running += 1;
  try {
    await consume({ queue: batch.queue, messages } as unknown as MessageBatch, env);
  } finally {
    running -= 1;
  }
};

/** Drops all messages that were sent so far, and those sent until `acceptMessages`. */
export function dropMessages(): void {
  startedAt = Number.POSITIVE_INFINITY;
}

/** Waits until no consumer works on messages of the earlier file. */
export async function consumersAreIdle(): Promise<void> {
  await vi.waitUntil(() => running === 0, { timeout: 60_000 });
}

/** Delivers the messages that are sent from now on. */
export function acceptMessages(): void {
  startedAt = Date.now();
}
