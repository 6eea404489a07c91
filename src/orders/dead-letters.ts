// Dead letters, stored in Redis until an operator replays or discards them, or until their order is settled after
// all. Replaying twice is safe: a message only makes the consumer look at the ledger again.
import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { callInventory, type InventoryEnv } from "../inventory/client.ts";
import { eventMessageSchema, orderMessageSchema } from "../inventory/messages.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { healed } from "../redis/bad-values.ts";
import { type RedisConfig, toFields, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { type DeadLetter, MAX_DELIVERIES, retryDelaySeconds } from "./delivery.ts";
import { isEventMessage, platformLetterId, readEvent } from "./webhooks.ts";

const letterSchema = z.object({
  id: z.string(),
  queue: z.string(),
  message: z.unknown(),
  reason: z.string(),
  attempts: z.number(),
  diedAt: z.string(),
}) satisfies z.ZodType<DeadLetter>;

/** Approximate number of letters on a page. Redis decides. */
const PAGE_SIZE = 200;
/** Longest id. It must fit into a path, or its letter could not be addressed. */
const MAX_ID = 256;

/** Runs work on the letters in Redis, replacing a key of another type. */
const onLetters = <T>(redis: Redis, keys: Keys, work: () => Promise<T>): Promise<T> =>
  healed(redis, keys, [{ key: keys.deadLetters, type: "hash" }], work);

type LetterConfig = RedisConfig & Pick<Config, "ORDER_WEBHOOK_EVENTS">;

/** Stores a batch, then acknowledges it. While Redis is down, the batch stays in the queue. */
export async function storeDeadLetters(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: InventoryEnv,
  config: LetterConfig,
): Promise<void> {
  const letters = batch.messages.map((message) => toLetter(message, batch.queue));
  try {
    const fields = Object.fromEntries(letters.map((letter) => [letter.id, JSON.stringify(letter)]));
    await withRedis(config, "redis-background", (redis, keys) =>
      onLetters(redis, keys, () => redis.hset(keys.deadLetters, fields)),
    );
    for (const { queue } of letters) count("dead_letters", queue);
    // After the letters are stored: an order that is settled from here on removes its letter itself.
    await discardSettled(env, config, letters);
    for (const message of batch.messages) message.ack();
  } catch (error) {
    log("dead_letters.store_failed", { count: letters.length, cause: causeOf(error) });
    for (const message of batch.messages) {
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
    }
  }
}

/** Discards letters about orders that were settled, and events that were accepted, while the letters were in flight. */
async function discardSettled(
  env: InventoryEnv,
  config: LetterConfig,
  letters: DeadLetter[],
): Promise<void> {
  const settled = await Promise.all(
    letters.map(async ({ id, message }) => ((await isSettled(env, config, message)) ? [id] : [])),
  );
  const ids = settled.flat();
  if (ids.length === 0) return;
  await withRedis(config, "redis-background", (redis, keys) =>
    redis.hdel(keys.deadLetters, ...ids),
  );
}

/** Whether nothing is left to do about a message. False while its object does not answer. */
async function isSettled(
  env: InventoryEnv,
  { ORDER_WEBHOOK_EVENTS: extra }: LetterConfig,
  message: unknown,
): Promise<boolean> {
  const order = orderMessageSchema.safeParse(message).data;
  const event = eventMessageSchema.safeParse(message).data;
  const ref = order ?? event;
  if (!ref) return false;
  const answer = await callInventory(env, ref, async (object) =>
    order ? object.isAcknowledged(order) : (await object.owedEvents([ref], extra)).length === 0,
  );
  return answer.ok && answer.value;
}

/** Our own dead letters carry a reason. Those of the platform carry only the message. */
function toLetter({ id, body, timestamp }: Message, deadLetterQueue: string): DeadLetter {
  const letter = letterSchema.safeParse(body);
  if (letter.success) return { ...letter.data, id: isPathId(letter.data.id) ? letter.data.id : id };
  const origin = isEventMessage(body) ? "webhooks" : "orders";
  return {
    // By it, the letter is found once its order is settled or its event accepted.
    id: orderMessageSchema.safeParse(body).data?.orderId ?? platformLetterId(body) ?? id,
    queue: deadLetterQueue.replace("orders-dlq", origin),
    message: body,
    reason: "the consumer crashed or timed out at every delivery",
    attempts: MAX_DELIVERIES,
    diedAt: timestamp.toISOString(),
  };
}

/** The id of the order that a message is about. Undefined if it names none. */
export const orderIdIn = (message: unknown): string | undefined =>
  messageSchema.safeParse(message).data?.orderId ?? readEvent(message)?.order.id;

const messageSchema = z.object({ orderId: z.string() });

/** Whether a path can end in this id. */
const isPathId = (id: string): boolean =>
  id.length <= MAX_ID && id.isWellFormed() && !["", ".", "..", ALL].includes(id);

/** Addresses every letter, in place of an id. */
export const ALL = "all";

/** A letter as it is stored. `letter` is undefined if the text cannot be read. */
export interface StoredLetter {
  id: string;
  text: string;
  letter: DeadLetter | undefined;
}

/** A page of letters, oldest first. `cursor` is where the next page starts, if there is one. */
export async function listDeadLetters(
  redis: Redis,
  keys: Keys,
  cursor = "0",
): Promise<{ letters: StoredLetter[]; cursor?: string }> {
  const [next, flat] = await onLetters(redis, keys, () =>
    redis.hscan(keys.deadLetters, cursor, { count: PAGE_SIZE }),
  );
  const letters = [...toFields(flat as string[])].map(([id, text]) => toStored(id, text));
  const diedAt = ({ letter }: StoredLetter) => letter?.diedAt ?? "";
  letters.sort((a, b) => diedAt(a).localeCompare(diedAt(b)));
  return { letters, ...(String(next) === "0" ? {} : { cursor: String(next) }) };
}

/** How many letters are stored. Null while Redis does not answer. */
export async function countDeadLetters(config: RedisConfig): Promise<number | null> {
  try {
    return await withRedis(config, "redis-background", (redis, keys) =>
      onLetters(redis, keys, () => redis.hlen(keys.deadLetters)),
    );
  } catch (error) {
    log("dead_letters.not_counted", { cause: causeOf(error) });
    return null;
  }
}

export async function findDeadLetter(
  redis: Redis,
  keys: Keys,
  id: string,
): Promise<StoredLetter | undefined> {
  const text = await onLetters(redis, keys, () => redis.hget<string>(keys.deadLetters, id));
  return text === null ? undefined : toStored(id, text);
}

/** Returns the number of letters that existed. */
export const discardDeadLetters = (redis: Redis, keys: Keys, ids: string[]): Promise<number> =>
  onLetters(redis, keys, () => redis.hdel(keys.deadLetters, ...ids));

function toStored(id: string, text: string): StoredLetter {
  try {
    return { id, text, letter: letterSchema.safeParse(JSON.parse(text)).data };
  } catch {
    return { id, text, letter: undefined };
  }
}
