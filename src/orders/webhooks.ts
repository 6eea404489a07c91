// Webhooks: every final change of an order, and others that the shop asked for, are delivered at least once, signed as the Standard Webhooks
// specification says, under an id that stays the same when it is repeated. The ledger stores which events the shop
// is owed. A message in the queue only names an order to look at.
import { logVerbose, type VerboseConfig } from "../funnel/verbose.ts";
import { callInventory, type InventoryEnv } from "../inventory/client.ts";
import { type EventMessage, eventMessageSchema } from "../inventory/messages.ts";
import { eventIdOf, type OrderEvent, orderEventSchema, toEvent } from "../inventory/order-event.ts";
import { type EventToDeliver, GIVE_UP_MS } from "../inventory/owed-events.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import {
  type AboutOrder,
  type DeadLetterEnv,
  retryOrDeadLetter,
  retryOrDefer,
} from "./delivery.ts";
import { postUnlessDown, type WebhookConfig } from "./shop-receiver.ts";
import { isStopped, stopSending, type WebhookDeskEnv } from "./webhook-desk-client.ts";

type DeliveryConfig = WebhookConfig & RedisConfig & VerboseConfig;

type WebhookEnv = InventoryEnv & DeadLetterEnv & WebhookDeskEnv;

/** The event in a message of an older release, which carried the event itself. Undefined if there is none. */
export const readEvent = (body: unknown): OrderEvent | undefined =>
  orderEventSchema.safeParse(body).data;

/** Whether a message belongs in the webhooks queue. */
export const isEventMessage = (body: unknown): boolean =>
  eventMessageSchema.safeParse(body).success || readEvent(body) !== undefined;

/** The id of the platform's dead letter about an order's event. Undefined if the message is about none. */
export const platformLetterId = (body: unknown): string | undefined => {
  const { success, data } = eventMessageSchema.safeParse(body);
  return success ? letterIdOf(data.orderId) : undefined;
};

const letterIdOf = (orderId: string): string => `${orderId}.news`;

/** An event that was accepted sooner can have no dead letter: the platform's deliveries alone take longer. */
const SOONEST_LETTER_MS = 10_000;

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
  /** Whether the receiver said that it is gone. */
  isGone: boolean;
}

/**
 * Delivers the events of a batch independently, and records in the ledgers which ones the shop accepted. A receiver that says
 * that it is gone (410) is sent nothing more until an operator resumes or its URL changes. `isGone`: it just said so.
 */
export async function deliverWebhooks(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: WebhookEnv,
  config: DeliveryConfig,
): Promise<{ isGone: boolean }> {
  const context = { queue: batch.queue, env, config, isGone: false };
  const { ORDER_WEBHOOK_URL: url } = config;
  const { groups, others } = groupByObject(batch.messages);
  if (await isStopped(env, url)) {
    leaveToLedgers(groups);
    await Promise.all(others.map((message) => failLegacy(message, GONE, context)));
    return { isGone: false };
  }
  await Promise.all([
    ...groups.map((group) => deliverGroup(group, context)),
    ...others.map((message) => deliverLegacy(message, context)),
  ]);
  if (context.isGone && url) await stopSending(env, url);
  return { isGone: context.isGone };
}

const GONE = "the shop answered 410, so nothing is sent to it";

/** The ledgers still owe these events, and offer them again. */
function leaveToLedgers(groups: Group[]): void {
  for (const { messages } of groups.flatMap((group) => [...group.values()])) {
    count("webhooks", "deferred");
    for (const message of messages) message.ack();
  }
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
  context: Context,
): Promise<EventToDeliver[]> {
  const { queue, env, config } = context;
  const delivered = await Promise.all(
    events.map(async (owed) => {
      const { messages = [] } = group.get(owed.order.id) ?? {};
      const event = toEvent(owed.userId, owed.order, config.ORDER_WEBHOOK_EVENTS);
      if (!event) return []; // the object returns none of these
      const { fault, isUntried, isGone } = await postUnlessDown(event, config);
      context.isGone ||= isGone === true;
      count("webhooks", isUntried ? "deferred" : fault ? "failed" : "delivered");
      const { userId, requestId } = owed;
      const about = { orderId: owed.order.id, requestId };
      const step = { ...about, reason: fault ?? "accepted" };
      logVerbose(config, "webhook.posted", { userId, orderId: about.orderId }, step);
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
  const late = accepted.filter(({ since }) => Date.now() - since >= SOONEST_LETTER_MS);
  if (late.length === 0) return;
  const ids = late.flatMap(({ order }) => [eventIdOf(order), letterIdOf(order.id)]);
  await withRedis(config, "redis-background", (redis, keys) =>
    redis.hdel(keys.deadLetters, ...ids),
  ).catch((error) => log("webhooks.letter_failed", { cause: causeOf(error) }));
}

/** Delivers a message of an older release as it is, because no ledger stores that the shop is owed it. */
async function deliverLegacy(message: Message, context: Context): Promise<void> {
  const event = readEvent(message.body);
  const { fault, isGone } = event
    ? await postUnlessDown(event, context.config)
    : { fault: "the event cannot be read", isGone: false };
  context.isGone ||= isGone === true;
  if (fault) await failLegacy(message, fault, context);
  else message.ack();
}

const failLegacy = (message: Message, fault: string, { env, queue }: Context): Promise<void> =>
  retryOrDeadLetter(env, queue, message, fault, readEvent(message.body)?.id);
