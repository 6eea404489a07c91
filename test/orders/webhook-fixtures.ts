// A simulated shop that receives webhooks, and the delivery of event messages to it.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { allBreakers } from "../../src/edge/breaker.ts";
import type { EventMessage } from "../../src/inventory/messages.ts";
import type { WebhookConfig } from "../../src/orders/shop-receiver.ts";
import { deliverWebhooks } from "../../src/orders/webhooks.ts";
import { ledger, unique, until } from "../support/shop.ts";
import {
  deliverTo,
  givenOrder,
  givenPaid,
  type PaidSale,
  type Purchase,
  TestGateway,
} from "./saga-fixtures.ts";

export const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
/** The secret before the rotation. */
export const OLD_SECRET = `whsec_${btoa("the secret before it, 32 bytes too")}`;
export const VARS = {
  ORDER_WEBHOOK_URL: "https://erp.test/hook",
  ORDER_WEBHOOK_SECRET: [SECRET, OLD_SECRET],
};

export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** Simulates the shop's system. `status` chooses the answer to each request; 0 refuses the connection. */
export function givenShop(status: (seen: number) => number = () => 204): Received[] {
  allBreakers().get("webhook")?.reset(); // that a shop of another test opened
  const received: Received[] = [];
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (input !== VARS.ORDER_WEBHOOK_URL) return real(input, init);
    expect(init).toMatchObject({ method: "POST", redirect: "manual" });
    received.push({ headers: init?.headers as Record<string, string>, body: String(init?.body) });
    const code = status(received.length);
    if (code === 0) throw new TypeError("the connection was refused");
    return new Response(null, { status: code });
  });
  onTestFinished(() => spy.mockRestore());
  return received;
}

export const configWith = (vars: Partial<WebhookConfig>) => ({ ...requireConfig(env), ...vars });

export async function post(
  messages: unknown[],
  { attempts = 1, vars = VARS }: { attempts?: number; vars?: Partial<WebhookConfig> } = {},
) {
  const batch = createMessageBatch(
    "doorbuster-webhooks",
    messages.map((body) => ({ id: unique("w"), timestamp: new Date(), attempts, body })),
  );
  const ctx = createExecutionContext();
  await deliverWebhooks(batch, env, configWith(vars));
  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return { acked: explicitAcks.length, retried: retryMessages.length };
}

/** The event messages about a SKU that are in the queue, in the order they were sent. */
export const eventMessagesIn = ({ queue, skuId }: PaidSale): EventMessage[] =>
  queue.filter((body) => isEventAbout(body, skuId)) as unknown as EventMessage[];
const isEventAbout = (body: { skuId: string }, skuId: string): boolean =>
  "kind" in body && body.skuId === skuId;

/** Waits until `count` event messages are in the queue, and takes them out. */
export const takeEventMessages = async (sale: PaidSale, count = 1): Promise<EventMessage[]> => {
  await until("the event messages are in the queue", () => eventMessagesIn(sale).length >= count);
  const messages = eventMessagesIn(sale);
  const { queue, skuId } = sale;
  queue.splice(0, queue.length, ...queue.filter((body) => !isEventAbout(body, skuId)));
  return messages;
};

export const settle = (
  purchase: Purchase,
  gateway = new TestGateway(),
  vars: Partial<WebhookConfig> = VARS,
) => deliverTo(gateway, [purchase.message], { vars });

/** Makes a confirmed order whose event the shop has not received yet. */
export async function givenEvent(sale?: PaidSale): Promise<Purchase & { event: EventMessage }> {
  const purchase = await givenOrder(sale ?? (await givenPaid()));
  await settle(purchase);
  const [event] = await takeEventMessages(purchase);
  return { ...purchase, event: event as EventMessage };
}

export const idsOf = (received: Received[]) => received.map(({ headers }) => headers["webhook-id"]);
export const unannounced = async (skuId: string) => (await ledger(skuId)).unannounced;
