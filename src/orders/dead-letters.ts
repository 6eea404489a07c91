// Dead letters: kept in Redis until the operator replays or discards them, or their order settles after all.
// Replaying does no harm twice: a message only asks the consumer to look at the ledger again.
import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import { callInventory, type InventoryEnv } from "../inventory/client.ts";
import { orderMessageSchema } from "../inventory/messages.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, toFields, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { type DeadLetter, MAX_DELIVERIES, retryDelaySeconds } from "./delivery.ts";
import { isForShop } from "./webhooks.ts";

const letterSchema = z.object({
  id: z.string(),
  queue: z.string(),
  message: z.unknown(),
  reason: z.string(),
  attempts: z.number(),
  diedAt: z.string(),
}) satisfies z.ZodType<DeadLetter>;

/** Letters on one page, roughly: Redis decides. */
const PAGE_SIZE = 200;
/** An id must fit into a path, or nobody could ask for its letter. */
const MAX_ID = 256;

/** Runs work on the letters in Redis, whatever was there before. */
const onLetters = <T>(redis: Redis, keys: Keys, work: () => Promise<T>): Promise<T> =>
  healed(redis, keys, [{ key: keys.deadLetters, type: "hash" }], work);

/** Stores a batch before acknowledging it; while Redis is down the queue keeps it. */
export async function storeDeadLetters(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: InventoryEnv,
  config: RedisConfig,
): Promise<void> {
  const letters = batch.messages.map((message) => toLetter(message, batch.queue));
  try {
    const fields = Object.fromEntries(letters.map((letter) => [letter.id, JSON.stringify(letter)]));
    await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) =>
      onLetters(redis, keys, () => redis.hset(keys.deadLetters, fields)),
    );
    // Only now: an order that settles from here on finds its letter and takes it away itself.
    await discardSettled(env, config, letters);
    for (const message of batch.messages) message.ack();
  } catch (error) {
    log("dead_letters.store_failed", { count: letters.length, cause: causeOf(error) });
    for (const message of batch.messages) {
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
    }
  }
}

/** Letters about orders that settled while the letters were on their way are none. */
async function discardSettled(
  env: InventoryEnv,
  config: RedisConfig,
  letters: DeadLetter[],
): Promise<void> {
  const settled = await Promise.all(
    letters.map(async ({ id, message }) => {
      const order = orderMessageSchema.safeParse(message).data;
      if (!order) return [];
      const answer = await callInventory(env, order, (object) => object.isAcknowledged(order));
      return answer.ok && answer.value ? [id] : [];
    }),
  );
  const ids = settled.flat();
  if (ids.length === 0) return;
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) =>
    redis.hdel(keys.deadLetters, ...ids),
  );
}

/** Ours come with their story; what the platform gave up has only itself. */
function toLetter({ id, body, timestamp }: Message, deadLetterQueue: string): DeadLetter {
  const letter = letterSchema.safeParse(body);
  if (letter.success) return { ...letter.data, id: isPathId(letter.data.id) ? letter.data.id : id };
  const origin = isForShop(body) ? "webhooks" : "orders";
  return {
    id,
    queue: deadLetterQueue.replace("orders-dlq", origin),
    message: body,
    reason: "the consumer crashed or ran out of time at every delivery",
    attempts: MAX_DELIVERIES,
    diedAt: timestamp.toISOString(),
  };
}

/** Whether a path can end in this id and mean it. */
const isPathId = (id: string): boolean =>
  id.length <= MAX_ID && id.isWellFormed() && !["", ".", "..", ALL].includes(id);

/** In place of an id: every letter. */
export const ALL = "all";

/** A letter as it is stored; `letter` is undefined when nobody can read it. */
export interface StoredLetter {
  id: string;
  text: string;
  letter: DeadLetter | undefined;
}

/** A page of letters, the oldest first; `cursor` leads to the next one, if there is one. */
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

export async function findDeadLetter(
  redis: Redis,
  keys: Keys,
  id: string,
): Promise<StoredLetter | undefined> {
  const text = await onLetters(redis, keys, () => redis.hget<string>(keys.deadLetters, id));
  return text === null ? undefined : toStored(id, text);
}

/** Returns how many there were. */
export const discardDeadLetters = (redis: Redis, keys: Keys, ids: string[]): Promise<number> =>
  onLetters(redis, keys, () => redis.hdel(keys.deadLetters, ...ids));

function toStored(id: string, text: string): StoredLetter {
  try {
    return { id, text, letter: letterSchema.safeParse(JSON.parse(text)).data };
  } catch {
    return { id, text, letter: undefined };
  }
}
