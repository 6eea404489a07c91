// Which orders of one user may exist that Redis does not have yet. An attempt leaves its order's id here, in
// the round trip of its limits, before the object decides; writing the order takes the mark away.
import type { Redis } from "@upstash/redis/cloudflare";
import { memory } from "../edge/memory.ts";
import { healed } from "./bad-values.ts";
import type { Keys } from "./keys.ts";

/**
 * A mark ends by itself this long after the user's last attempt: refused attempts leave theirs. Longer than a
 * queue or its consumer may be down while a list of orders stays complete.
 */
const MARKED_SECONDS = 24 * 3_600;
/** An attempt that made no order by then made none. */
const IN_FLIGHT_MS = 30_000;

/** One attempt: the id its order has if it was accepted, and when it was made in milliseconds. */
export interface Mark {
  orderId: string;
  at: number;
}

/** Marks an attempt, in the pipeline of whatever else is asked in the same tick. */
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

/** Redis could not take these: until they are over, this isolate at least knows of them. */
const unnoted = memory<Mark[]>("unnoted", {
  ttl: 600_000,
  sizeOf: (marks) => 256 * marks.length,
});
const MAX_UNNOTED = 5;

/** Remembers a mark that Redis did not take. */
export function rememberMark(userId: string, mark: Mark): void {
  unnoted.set(userId, [mark, ...rememberedMarks(userId)].slice(0, MAX_UNNOTED));
}

export const rememberedMarks = (userId: string): Mark[] => unnoted.get(userId) ?? [];

/** Marks as Redis lists them: id and time in turn. */
export function toMarks(flat: readonly string[]): Mark[] {
  const marks: Mark[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    marks.push({ orderId: flat[i] as string, at: Number(flat[i + 1]) });
  }
  return marks;
}

/** Whether an attempt that has no order in the ledger may still get one. */
export const mayBecomeOrder = ({ at }: Mark, now: number): boolean => now - at < IN_FLIGHT_MS;

/** Takes marks away that mean nothing any more. */
export async function unmark(
  redis: Redis,
  keys: Keys,
  userId: string,
  marks: Mark[],
): Promise<void> {
  if (marks.length === 0) return;
  unnoted.delete(userId);
  await redis.zrem(keys.underWayOf(userId), ...marks.map(({ orderId }) => orderId));
}
