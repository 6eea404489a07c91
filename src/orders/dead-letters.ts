// Dead letters: kept in Redis until the operator replays or discards them. Replaying does no harm twice:
// an order message only asks the consumer to look at the ledger again.
import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { type DeadLetter, MAX_DELIVERIES, retryDelaySeconds } from "./delivery.ts";
import { readEvent } from "./webhooks.ts";

const letterSchema = z.object({
  id: z.string(),
  queue: z.string(),
  message: z.unknown(),
  reason: z.string(),
  attempts: z.number(),
  diedAt: z.string(),
}) satisfies z.ZodType<DeadLetter>;

/** Stores a batch before acknowledging it; while Redis is down the queue keeps it. */
export async function keepDeadLetters(
  batch: Pick<MessageBatch, "messages" | "queue">,
  config: RedisConfig,
): Promise<void> {
  const letters = batch.messages.map((message) => toLetter(message, batch.queue));
  try {
    const fields = Object.fromEntries(letters.map((letter) => [letter.id, JSON.stringify(letter)]));
    await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) =>
      redis.hset(keys.deadLetters, fields),
    );
    for (const message of batch.messages) message.ack();
  } catch (error) {
    log("dead_letters.store_failed", { count: letters.length, cause: causeOf(error) });
    for (const message of batch.messages) {
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
    }
  }
}

/** Ours come with their story; what the platform buried has only itself. */
function toLetter({ id, body, timestamp }: Message, deadLetterQueue: string): DeadLetter {
  const letter = letterSchema.safeParse(body);
  if (letter.success) return letter.data;
  const origin = readEvent(body) ? "webhooks" : "orders";
  return {
    id,
    queue: deadLetterQueue.replace("orders-dlq", origin),
    message: body,
    reason: "the consumer crashed or ran out of time at every delivery",
    attempts: MAX_DELIVERIES,
    diedAt: timestamp.toISOString(),
  };
}

/** All letters, the oldest first. */
export async function listDeadLetters(redis: Redis, keys: Keys): Promise<DeadLetter[]> {
  const texts = (await redis.hvals(keys.deadLetters)) as string[];
  return texts
    .flatMap((text) => parse(text) ?? [])
    .sort((a, b) => a.diedAt.localeCompare(b.diedAt));
}

export async function findDeadLetter(
  redis: Redis,
  keys: Keys,
  id: string,
): Promise<DeadLetter | undefined> {
  return parse(await redis.hget<string>(keys.deadLetters, id));
}

/** Returns false when it was gone already. */
export async function discardDeadLetter(redis: Redis, keys: Keys, id: string): Promise<boolean> {
  return (await redis.hdel(keys.deadLetters, id)) > 0;
}

function parse(text: string | null): DeadLetter | undefined {
  if (text === null) return undefined;
  const letter = letterSchema.safeParse(JSON.parse(text));
  return letter.success ? letter.data : undefined;
}
