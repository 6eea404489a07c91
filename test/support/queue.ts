// Lets a test control the queue between ledger and consumer: pause it, capture messages, and deliver them in any order.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import worker from "../../src/index.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { secondsToNextTry } from "../../src/orders/payment-retry.ts";
import { PaymentScheduler } from "../../src/orders/payment-scheduler.ts";
import { settlePayment } from "../../src/orders/settle-payment.ts";
import type { PaymentGateway } from "../../src/payments/gateway.ts";
import { createGateway } from "../../src/payments/gateway-factory.ts";
import { consume, isOfThisFile } from "./queues-of-file.ts";

export const ORDERS_QUEUE = "doorbuster-orders";

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

interface DeliveryOptions {
  queue?: string;
  attempts?: number;
  /** Default: the configured one. */
  gateway?: PaymentGateway | null;
  /** Variables that override those of the Worker. */
  vars?: object;
}

/**
 * Delivers one batch to the consumer and returns the outcome of each message. Settles the payments that the consumer
 * hands over, without the scheduler, and delivers the results. `retried` includes messages whose payment is unfinished.
 */
export async function deliver(
  bodies: unknown[],
  { queue = ORDERS_QUEUE, attempts = 1, vars = {}, ...options }: DeliveryOptions = {},
): Promise<Delivery> {
  const { gateway = createGateway(env, requireConfig(env)) } = options;
  const due: OrderMessage[] = [];
  const first = await deliverBatch(bodies, { queue, attempts }, { ...vars, ...collecting(due) });
  const unfinished = new Set<unknown>();
  await Promise.all(
    due.map(async (message) => {
      if (await mustTryAgain(message, gateway, attempts, vars)) unfinished.add(message.orderId);
      await deliverBatch([message], { queue, attempts: 1 }, { ...vars, ...collecting([]) });
    }),
  );
  const isUnfinished = (body: unknown) => unfinished.has((body as OrderMessage | null)?.orderId);
  return {
    acked: first.acked.filter((body) => !isUnfinished(body)),
    retried: [...first.retried, ...first.acked.filter(isUnfinished)],
  };
}

/** A binding that collects the payments instead of adding them to the line. */
export const collecting = (due: OrderMessage[]) =>
  enteringBy(async (orders) => {
    due.push(...orders);
    return [];
  });

/** A binding whose scheduler answers as the test decides. */
export const enteringBy = (enter: (orders: OrderMessage[]) => Promise<string[]>) => ({
  PAYMENT_SCHEDULER: { getByName: () => ({ enter }) },
});

/** The line of the payments is full until the end of the test, so the ledgers send messages about the orders that wait in it. */
export function givenFullLine(): void {
  const enter = async (orders: OrderMessage[]) => orders.map(({ orderId }) => orderId);
  const spy = vi.spyOn(PaymentScheduler.prototype, "enter").mockImplementation(enter);
  onTestFinished(() => spy.mockRestore());
}

/** Settles a payment as the scheduler does at its try number `tries`. */
async function mustTryAgain(
  message: OrderMessage,
  gateway: PaymentGateway | null,
  tries: number,
  vars: object,
): Promise<boolean> {
  const bindings = { ...env, ...vars };
  for (;;) {
    const settlement = await settlePayment(message, bindings, gateway, { mayCharge: true });
    if (settlement.is === "unfinished") {
      return (await secondsToNextTry(env, message, tries, settlement)) !== null;
    }
    if (settlement.is !== "again") return settlement.is === "limited";
  }
}

/** Delivers one batch to the Worker. `bindings` override its own. */
export async function deliverBatch(
  bodies: unknown[],
  { queue = ORDERS_QUEUE, attempts = 1 },
  bindings: object = {},
): Promise<Delivery> {
  const messages = bodies.map((body, i) => ({
    id: `m${i}`,
    timestamp: new Date(),
    attempts,
    body,
  }));
  const batch = createMessageBatch(queue, messages);
  const ctx = createExecutionContext();
  await consume(batch, { ...env, ...bindings });
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
    for (const message of batch.messages.filter(isOfThisFile)) {
      captured.push(message.body as OrderMessage);
    }
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
  await vi.waitUntil(() => byOrder().size === orders, { timeout: 60_000 });
  const taken = [...byOrder().values()];
  queue.splice(0, queue.length, ...queue.filter((message) => message.skuId !== skuId));
  return taken;
}
