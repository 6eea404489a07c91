// Webhooks: every final change of an order, and others that the shop asked for, are delivered at least once, signed as the Standard Webhooks
// specification says, under an id that stays the same when it is repeated. The ledger stores which events the shop
// is owed. A message in the queue only names an order to look at.
import type { Config } from "../config.ts";
import { Breaker, BreakerOpen } from "../edge/breaker.ts";
import { logVerbose, type VerboseConfig } from "../funnel/verbose.ts";
import { callInventory, type InventoryEnv } from "../inventory/client.ts";
import { type EventMessage, eventMessageSchema } from "../inventory/messages.ts";
import { eventIdOf, type OrderEvent, orderEventSchema, toEvent } from "../inventory/order-event.ts";
import { type EventToDeliver, GIVE_UP_MS } from "../inventory/owed-events.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import { type Posted, postSigned } from "../signed-post.ts";
import {
  type AboutOrder,
  type DeadLetterEnv,
  retryOrDeadLetter,
  retryOrDefer,
} from "./delivery.ts";

export type WebhookConfig = Pick<
  Config,
  "ORDER_WEBHOOK_URL" | "ORDER_WEBHOOK_SECRET" | "ORDER_WEBHOOK_EVENTS" | "BREAKERS"
>;

type DeliveryConfig = WebhookConfig & RedisConfig & VerboseConfig;

type WebhookEnv = InventoryEnv & DeadLetterEnv;

/** The shop's webhook answers nothing, or says that it cannot take events now. */
class ShopDown extends Error {}

const receiver = new Breaker("webhook", (error) => error instanceof ShopDown);

/** The event in a message of an older release, which carried the event itself. Undefined if there is none. */
export const readEvent = (body: unknown): OrderEvent | undefined =>
  orderEventSchema.safeParse(body).data;

/** Whether a message belongs in the webhooks queue. */
export const isEventMessage = (body: unknown): boolean =>
  eventMessageSchema.safeParse(body).success || readEvent(body) !== undefined;

/** One order in a batch, with all messages about it. */
interface Item {
  ref: EventMessage;
  messages: Message[];
}

/** The orders of one object in a batch, by order id. */
type Group = Map<string, Item>;

/** What each delivery of a batch needs. */
interface Context {
  queue: string;
  env: WebhookEnv;
  config: DeliveryConfig;
}

/** Delivers the events of a batch independently, and records in the ledgers which ones the shop accepted. */
export async function deliverWebhooks(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: WebhookEnv,
  config: DeliveryConfig,
): Promise<void> {
  const context = { queue: batch.queue, env, config };
  const { groups, others } = groupByObject(batch.messages);
  await Promise.all([
    ...groups.map((group) => deliverGroup(group, context)),
    ...others.map((message) => deliverLegacy(message, context)),
  ]);
}

function groupByObject(messages: readonly Message[]): { groups: Group[]; others: Message[] } {
  const groups = new Map<string, Group>();
  const others: Message[] = [];
  for (const message of messages) {
    const ref = eventMessageSchema.safeParse(message.body).data;
    if (!ref) {
      others.push(message);
      continue;
    }
    const name = `${ref.skuId}.${ref.lane}`;
    const group: Group = groups.get(name) ?? new Map();
    const item = group.get(ref.orderId) ?? { ref, messages: [] };
    item.messages.push(message);
    groups.set(name, group.set(ref.orderId, item));
  }
  return { groups: [...groups.values()], others };
}

const defer = (messages: Message[], reason: string, about: AboutOrder = {}): void => {
  for (const message of messages) retryOrDefer(message, reason, about);
};

/** Delivers the events that one object still owes the shop, and drops messages about the others. */
async function deliverGroup(group: Group, context: Context): Promise<void> {
  const items = [...group.values()];
  const [{ ref: address }] = items as [Item];
  const refs = items.map(({ ref: { userId, orderId } }) => ({ userId, orderId }));
  const { ORDER_WEBHOOK_EVENTS: extra } = context.config;
  const owed = await callInventory(context.env, address, (object) =>
    object.owedEvents(refs, extra),
  );
  if (!owed.ok) {
    const all = items.flatMap(({ messages }) => messages);
    return defer(all, causeOf(owed.cause));
  }
  const owedIds = new Set(owed.value.map(({ order }) => order.id));
  for (const { ref, messages } of items) {
    if (owedIds.has(ref.orderId)) continue;
    for (const message of messages) message.ack(); // delivered already, or superseded by a newer version
  }
  const accepted = await deliverEach(owed.value, group, context);
  if (accepted.length > 0) await confirmAccepted(accepted, address, group, context);
}

/** Posts each event. Retries the messages of those that fail, and returns the events that the shop accepted. */
async function deliverEach(
  events: EventToDeliver[],
  group: Group,
  { queue, env, config }: Context,
): Promise<EventToDeliver[]> {
  const delivered = await Promise.all(
    events.map(async (owed) => {
      const { messages = [] } = group.get(owed.order.id) ?? {};
      const event = toEvent(owed.userId, owed.order, config.ORDER_WEBHOOK_EVENTS);
      if (!event) return []; // the object returns none of these
      const { fault, isUntried } = await postUnlessDown(event, config);
      count("webhooks", isUntried ? "deferred" : fault ? "failed" : "delivered");
      const { userId, requestId } = owed;
      const about = { orderId: owed.order.id, requestId };
      const step = { ...about, reason: fault ?? "accepted" };
      void logVerbose(config, "webhook.posted", { userId, orderId: about.orderId }, step);
      if (!fault) return [owed];
      if (isUntried || Date.now() - owed.since < GIVE_UP_MS) defer(messages, fault, about);
      else {
        await Promise.all(
          messages.map((m) => retryOrDeadLetter(env, queue, m, fault, event.id, about)),
        );
      }
      return [];
    }),
  );
  return delivered.flat();
}

/** Marks accepted events as delivered in the ledger, then acknowledges their messages. */
async function confirmAccepted(
  accepted: EventToDeliver[],
  address: EventMessage,
  group: Group,
  { env, config }: Context,
): Promise<void> {
  const versions = accepted.map(({ userId, order: { id, version } }) => ({
    userId,
    orderId: id,
    version,
  }));
  const marked = await callInventory(env, address, (object) => object.markDelivered(versions));
  const messages = accepted.flatMap(({ order }) => group.get(order.id)?.messages ?? []);
  if (!marked.ok) return defer(messages, causeOf(marked.cause));
  await discardLetters(accepted, config);
  for (const message of messages) message.ack();
}

/** Discards the dead letters of events that the shop accepted after all. */
async function discardLetters(accepted: EventToDeliver[], config: RedisConfig): Promise<void> {
  const late = accepted.filter(({ since }) => Date.now() - since >= GIVE_UP_MS);
  if (late.length === 0) return;
  const ids = late.map(({ order }) => eventIdOf(order));
  await withRedis(config, "redis-background", (redis, keys) =>
    redis.hdel(keys.deadLetters, ...ids),
  ).catch((error) => log("webhooks.letter_failed", { cause: causeOf(error) }));
}

/** Delivers a message of an older release as it is, because no ledger stores that the shop is owed it. */
async function deliverLegacy(message: Message, { queue, env, config }: Context): Promise<void> {
  const event = readEvent(message.body);
  const { fault } = event
    ? await postUnlessDown(event, config)
    : { fault: "the event cannot be read" };
  if (fault) await retryOrDeadLetter(env, queue, message, fault, event?.id);
  else message.ack();
}

/**
 * Posts one event, unless the shop's webhook is down. `isUntried`: it was not posted. Without a fault the shop accepted it.
 */
async function postUnlessDown(
  event: OrderEvent,
  config: DeliveryConfig,
): Promise<{ fault?: string | undefined; isUntried?: true }> {
  try {
    const fault = await receiver.run(config.BREAKERS.webhook, async () => {
      const answer = await post(event, config);
      if (answer.isDown) throw new ShopDown(answer.fault);
      return answer.fault;
    });
    return { fault };
  } catch (error) {
    if (error instanceof BreakerOpen) return { fault: error.message, isUntried: true };
    return { fault: (error as Error).message };
  }
}

/** Posts one event, whatever earlier ones met. Returns what went wrong, or undefined if the shop accepted it. */
export const postEvent = async (
  event: { id: string; type: string },
  config: WebhookConfig,
): Promise<string | undefined> => (await post(event, config)).fault;

async function post(
  event: { id: string; type: string },
  { ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_SECRET: secrets, BREAKERS }: WebhookConfig,
): Promise<Posted> {
  if (!url || !secrets) return { fault: "no ORDER_WEBHOOK_URL is set" };
  const { limitMs } = BREAKERS.webhook;
  const { fault, ...posted } = await postSigned({ url, secrets, limitMs }, event.id, event);
  return fault === undefined ? posted : { ...posted, fault: `the shop ${fault}` };
}
