// The queue between ledger and consumer, in the hands of a test: held back, delivered in any order.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import worker from "../../src/index.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";

export const ORDERS_QUEUE = "doorbuster-orders";
const consume: ExportedHandlerQueueHandler<Env> = worker.queue;

/**
 * Given a queue that keeps its messages to itself for a whole file: without a gap between two tests through
 * which a message of the first reaches the consumer, and its work is counted in the second.
 * @returns what ends it, as `beforeAll` wants it
 */
export function pauseQueue(): () => void {
  const spy = vi.spyOn(worker, "queue").mockResolvedValue(undefined);
  return () => spy.mockRestore();
}

/** Messages by what became of them. */
export interface Delivery {
  acked: unknown[];
  retried: unknown[];
}

/** Hands the consumer one batch and says what it did with each message. */
export async function deliver(
  bodies: unknown[],
  { queue = ORDERS_QUEUE, attempts = 1 } = {},
): Promise<Delivery> {
  const messages = bodies.map((body, i) => ({
    id: `m${i}`,
    timestamp: new Date(),
    attempts,
    body,
  }));
  const batch = createMessageBatch(queue, messages);
  const ctx = createExecutionContext();
  await consume.call(worker, batch, env, ctx);
  const result = await getQueueResult(batch, ctx);
  const bodiesOf = (ids: string[]) =>
    messages.filter(({ id }) => ids.includes(id)).map(({ body }) => body);
  return {
    acked: bodiesOf(result.explicitAcks),
    retried: bodiesOf(result.retryMessages.map(({ msgId }) => msgId)),
  };
}

/**
 * Given a queue that keeps its messages to itself until the end of the test. They collect in the
 * returned list; the consumer sees none of them. Objects of earlier tests may still be sending theirs.
 */
export function captureQueue(): OrderMessage[] {
  const held: OrderMessage[] = [];
  const spy = vi.spyOn(worker, "queue").mockImplementation(async (batch) => {
    for (const message of batch.messages) held.push(message.body as OrderMessage);
  });
  onTestFinished(() => spy.mockRestore());
  return held;
}

/** What a held queue holds about one SKU. */
export const messagesAbout = (queue: OrderMessage[], skuId: string): OrderMessage[] =>
  queue.filter((message) => message.skuId === skuId);

/** Waits until a held queue has messages about so many orders of a SKU, and takes them out. */
export async function takeMessages(
  queue: OrderMessage[],
  skuId: string,
  orders: number,
): Promise<OrderMessage[]> {
  const byOrder = () =>
    new Map(messagesAbout(queue, skuId).map((message) => [message.orderId, message]));
  await vi.waitUntil(() => byOrder().size === orders, { timeout: 20_000 });
  const taken = [...byOrder().values()];
  queue.splice(0, queue.length, ...queue.filter((message) => message.skuId !== skuId));
  return taken;
}
