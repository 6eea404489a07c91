// Marks orders that may exist without being in Redis yet. An attempt writes the id of its order here before the
// object decides, in the round trip of its limits. Writing the order removes the mark.
import type { Redis } from "@upstash/redis/cloudflare";
import { memory } from "../edge/memory.ts";
import { healed } from "./bad-values.ts";
import type { Keys } from "./keys.ts";

/**
 * Lifetime of a user's marks after their last attempt, because refused attempts leave theirs. Lists of orders stay
 * complete while the queue or its consumer is down for less than this.
 */
const MARKED_SECONDS = 24 * 3_600;
/** Longest an attempt takes. Without an order by then, it made none. */
const IN_FLIGHT_MS = 30_000;

/** One attempt: the id of its order, if it was accepted, and its time in milliseconds. */
export interface Mark {
  orderId: string;
  at: number;
}

/** Marks an attempt, in one pipeline with the other commands of the same tick. */
export async function markUnderWay(
  redis: Redis,
  keys: Keys,
  userId: string,
  { orderId, at }: Mark,
): Promise<void> {
  const key = keys.underWayOf(userId);
  await healed(redis, keys, [{ key, type: "zset" }], () =>
    Promise.all([
      redis.zadd(key, { score: at, member: orderId }),
      redis.expire(key, MARKED_SECONDS),
    ]),
  );
}

/** Marks that Redis could not store. Only this isolate has them. */
const unstored = memory<Mark[]>("unstored", {
  ttl: 600_000,
  sizeOf: (marks) => 256 * marks.length,
});
const MAX_UNSTORED = 5;

/** Remembers a mark that Redis did not store. */
export function rememberMark(userId: string, mark: Mark): void {
  unstored.set(userId, [mark, ...rememberedMarks(userId)].slice(0, MAX_UNSTORED));
}

export const rememberedMarks = (userId: string): Mark[] => unstored.get(userId) ?? [];

/** Converts a flat list of alternating ids and times, as Redis returns marks. */
export function toMarks(flat: readonly string[]): Mark[] {
  const marks: Mark[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    marks.push({ orderId: flat[i] as string, at: Number(flat[i + 1]) });
  }
  return marks;
}

/** Whether an attempt that has no order in the ledger may still get one. */
export const mayBecomeOrder = ({ at }: Mark, now: number): boolean => now - at < IN_FLIGHT_MS;

/** Removes obsolete marks. */
export async function unmark(
  redis: Redis,
  keys: Keys,
  userId: string,
  marks: Mark[],
): Promise<void> {
  if (marks.length === 0) return;
  unstored.delete(userId);
  await redis.zrem(keys.underWayOf(userId), ...marks.map(({ orderId }) => orderId));
}
