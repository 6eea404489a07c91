// Fan-out: every final change of an order is offered to the shop's own systems, signed as the Standard
// Webhooks specification says, at least once, under an id that stays the same when it is repeated. What the shop
// is owed is kept by the ledger; a message in the queue only says which order to look at.
import { Webhook } from "standardwebhooks";
import * as z from "zod";
import type { Config } from "../config.ts";
import { callInventory, type InventoryEnv } from "../inventory/client.ts";
import { type EventMessage, eventMessageSchema } from "../inventory/messages.ts";
import { type Order, orderSchema } from "../inventory/order.ts";
import { type EventToDeliver, GIVE_UP_MS } from "../inventory/owed-events.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { type DeadLetterEnv, retryOrDeadLetter, retryOrDefer } from "./delivery.ts";

export type WebhookConfig = Pick<Config, "ORDER_WEBHOOK_URL" | "ORDER_WEBHOOK_SECRET">;

type WebhookEnv = InventoryEnv & DeadLetterEnv;

const REQUEST_LIMIT_MS = 5_000;

const eventSchema = z.object({
  /** `{order id}.{version}`: receivers drop what they have seen. */
  id: z.string(),
  type: z.string(),
  userId: z.string(),
  order: orderSchema,
});

/** A final change of an order, as the shop receives it. */
export type OrderEvent = z.output<typeof eventSchema>;

/** The event of an order as it is now. */
export const toEvent = (userId: string, order: Order): OrderEvent => ({
  id: `${order.id}.${order.version}`,
  type: `order.${order.status}`,
  userId,
  order,
});

/** The event in a message of an older release, which carried the event itself; undefined when it is none. */
export const readEvent = (body: unknown): OrderEvent | undefined =>
  eventSchema.safeParse(body).data;

/** Whether a message belongs into the queue of the shop's news. */
export const isForShop = (body: unknown): boolean =>
  eventMessageSchema.safeParse(body).success || readEvent(body) !== undefined;

/** One order in a batch, with all messages about it. */
interface Item {
  ref: EventMessage;
  messages: Message[];
}

/** Delivers the news of a batch, each order on its own, and tells the ledgers what the shop took. */
export async function deliverWebhooks(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: WebhookEnv,
  config: WebhookConfig & RedisConfig,
): Promise<void> {
  const objects = new Map<string, Map<string, Item>>();
  const others: Message[] = [];
  for (const message of batch.messages) {
    const ref = eventMessageSchema.safeParse(message.body).data;
    if (!ref) {
      others.push(message);
      continue;
    }
    const name = `${ref.skuId}.${ref.lane}`;
    const items = objects.get(name) ?? new Map<string, Item>();
    const item = items.get(ref.orderId) ?? { ref, messages: [] };
    item.messages.push(message);
    objects.set(name, items.set(ref.orderId, item));
  }
  await Promise.all([
    ...[...objects.values()].map((items) => deliverOf(items, batch.queue, env, config)),
    ...others.map((message) => deliverOlder(message, batch.queue, env, config)),
  ]);
}

/** Delivers the news of one object's orders. */
async function deliverOf(
  items: Map<string, Item>,
  queue: string,
  env: WebhookEnv,
  config: WebhookConfig & RedisConfig,
): Promise<void> {
  const all = [...items.values()];
  const [{ ref: address }] = all as [Item];
  const leave = (messages: Message[], reason: string) => {
    for (const message of messages) retryOrDefer(message, reason);
  };
  const asked = await callInventory(env, address, (object) =>
    object.owedEvents(all.map(({ ref: { userId, orderId } }) => ({ userId, orderId }))),
  );
  if (!asked.ok)
    return leave(
      all.flatMap(({ messages }) => messages),
      causeOf(asked.cause),
    );
  const owed = new Map(asked.value.map((news) => [news.order.id, news]));
  const taken: EventToDeliver[] = [];
  for (const { ref, messages } of all) {
    if (owed.has(ref.orderId)) continue;
    for (const message of messages) message.ack(); // the shop has it, or a newer version is on its way
  }
  await Promise.all(
    asked.value.map(async (news) => {
      const { messages = [] } = items.get(news.order.id) ?? {};
      const event = toEvent(news.userId, news.order);
      const fault = await deliver(event, config);
      if (!fault) taken.push(news);
      else if (Date.now() - news.since < GIVE_UP_MS) leave(messages, fault);
      else
        await Promise.all(messages.map((m) => retryOrDeadLetter(env, queue, m, fault, event.id)));
    }),
  );
  if (taken.length === 0) return;
  const noted = await callInventory(env, address, (object) =>
    object.markDelivered(
      taken.map(({ userId, order: { id, version } }) => ({ userId, orderId: id, version })),
    ),
  );
  const done = taken.flatMap(({ order }) => items.get(order.id)?.messages ?? []);
  if (!noted.ok) return leave(done, causeOf(noted.cause));
  await discardLetters(taken, config);
  for (const message of done) message.ack();
}

/** EventToDeliver that was given up and is taken after all needs no letter. */
async function discardLetters(taken: EventToDeliver[], config: RedisConfig): Promise<void> {
  const late = taken.filter(({ since }) => Date.now() - since >= GIVE_UP_MS);
  if (late.length === 0) return;
  const ids = late.map(({ userId, order }) => toEvent(userId, order).id);
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) =>
    redis.hdel(keys.deadLetters, ...ids),
  ).catch((error) => log("webhooks.letter_failed", { cause: causeOf(error) }));
}

/** A message of an older release is delivered as it is: no ledger knows that the shop is owed it. */
async function deliverOlder(
  message: Message,
  queue: string,
  env: WebhookEnv,
  config: WebhookConfig,
): Promise<void> {
  const event = readEvent(message.body);
  const fault = event ? await deliver(event, config) : "the event cannot be read";
  if (fault) await retryOrDeadLetter(env, queue, message, fault, event?.id);
  else message.ack();
}

/** Posts one event; what went wrong, or undefined when the shop took it. */
async function deliver(event: OrderEvent, config: WebhookConfig): Promise<string | undefined> {
  if (!config.ORDER_WEBHOOK_URL || !config.ORDER_WEBHOOK_SECRET)
    return "no ORDER_WEBHOOK_URL is set";
  const text = JSON.stringify(event);
  const sentAt = new Date();
  try {
    const response = await fetch(config.ORDER_WEBHOOK_URL, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      headers: {
        "Content-Type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
        "webhook-signature": new Webhook(config.ORDER_WEBHOOK_SECRET).sign(event.id, sentAt, text),
      },
      body: text,
    });
    await response.body?.cancel();
    return response.ok ? undefined : `the shop answered ${response.status}`;
  } catch (error) {
    return `the shop could not be reached (${causeOf(error)})`;
  }
}
