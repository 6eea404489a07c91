// Lets a test control the queue between ledger and consumer: pause it, capture messages, and deliver them in any order.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import worker from "../../src/index.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";

export const ORDERS_QUEUE = "doorbuster-orders";
const consume: ExportedHandlerQueueHandler<Env> = worker.queue;

/**
 * Discards all queue messages for a whole file. For `beforeAll`: a pause per test would leave a gap in which a message
 * of one test reaches the consumer, and its work counts in the next test.
 * @returns the teardown function
 */
export function pauseQueue(): () => void {
  const spy = vi.spyOn(worker, "queue").mockResolvedValue(undefined);
  return () => spy.mockRestore();
}

/** Message bodies by outcome. */
export interface Delivery {
  acked: unknown[];
  retried: unknown[];
}

/** Delivers one batch to the consumer and returns the outcome of each message. */
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
 * Captures queue messages in the returned list until the end of the test. None reaches the consumer. The list may
 * include messages from objects of earlier tests.
 */
export function captureQueue(): OrderMessage[] {
  const captured: OrderMessage[] = [];
  const spy = vi.spyOn(worker, "queue").mockImplementation(async (batch) => {
    for (const message of batch.messages) captured.push(message.body as OrderMessage);
  });
  onTestFinished(() => spy.mockRestore());
  return captured;
}

/** The captured messages for one SKU. */
export const messagesAbout = (queue: OrderMessage[], skuId: string): OrderMessage[] =>
  queue.filter((message) => message.skuId === skuId);

/**
 * Waits until a captured queue has messages for `orders` orders of a SKU. Removes them from the queue and returns the
 * last message of each order.
 */
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
