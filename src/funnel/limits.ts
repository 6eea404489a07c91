// Rate limits per address and per user, both counted in one Redis round trip.
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import type { LimitPolicy } from "../catalog/protection.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import { newOrderId } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { isAboutValue } from "../redis/bad-values.ts";
import { withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { markUnderWay, rememberMark } from "../redis/under-way.ts";
import { stopWaiting } from "../time-limit.ts";
import { type Identified, objectOf, type Purchase, type Stage } from "./attempt.ts";
import { recordRefusal } from "./behavior.ts";
import { budgetOf } from "./budget.ts";
import { keyedHash, limitedBlock } from "./caller.ts";
import { passesShield, shieldRefusal } from "./flood-shield.ts";
import { type Limit, limitOf, secondsUntil } from "./policies.ts";
import { isKnownRepeat } from "./sold-out.ts";

function algorithmOf({ algorithm, limit, windowSeconds }: LimitPolicy) {
  const window = `${windowSeconds} s` as const;
  switch (algorithm) {
    case "fixed-window":
      return Ratelimit.fixedWindow(limit, window);
    case "sliding-window":
      return Ratelimit.slidingWindow(limit, window);
    case "token-bucket":
      return Ratelimit.tokenBucket(limit, window, limit);
  }
}

/** An attempt to count. An attempt to buy gets its order id here. */
type Counted = Identified & Partial<Pick<Purchase, "orderId" | "idempotencyKey">>;

interface LimitResult {
  limit: Limit;
  success: boolean;
  remaining: number;
  reset: number;
}

async function countOne(redis: Redis, keys: Keys, limit: Limit, id: string): Promise<LimitResult> {
  const limiter = new Ratelimit({
    redis,
    limiter: algorithmOf(limit.policy),
    prefix: `${keys.limit}:${limit.prefix}`,
    ephemeralCache: false, // `Budget` replaces it, and also counts requests in flight
    timeout: 0, // the client's time limit aborts; the library's would allow the request without a count
  });
  const count = () => limiter.limit(id);
  const { success, remaining, reset } = await count().catch(async (error) => {
    if (!isAboutValue(error)) throw error;
    log("redis.bad_value", { step: "limit", cause: causeOf(error) });
    await redis.del(...keysOfLimit(`${keys.limit}:${limit.prefix}:${id}`, limit.policy));
    return count();
  });
  return { limit, success, remaining, reset };
}

/** The keys the library may use for one caller: a token bucket's, and those of this window and the last one. */
function keysOfLimit(key: string, { windowSeconds }: LimitPolicy): string[] {
  const window = Math.floor(Date.now() / (windowSeconds * 1_000));
  return [key, `${key}:${window}`, `${key}:${window - 1}`];
}

/** Most attempts of one user that an isolate marks in an hour, so bots cannot fill Redis. */
const MARKS: LimitPolicy = { algorithm: "fixed-window", limit: 100, windowSeconds: 3_600 };

/** The id of the order this attempt may make. Marked in Redis, so the buyer's list shows the order at once. */
function idToMark(attempt: Counted): string | undefined {
  const { orderId, userId, now, pending } = attempt;
  if (pending || isKnownRepeat(attempt)) return undefined;
  const budget = budgetOf(`marks:${userId}`, MARKS, now);
  budget.left -= 1;
  return budget.left >= 0 ? orderId : undefined;
}

/** Counts both limits and marks the order. One round trip, as the client pipelines commands of the same tick. */
function countBoth(attempt: Counted, limits: Limit[]): Promise<LimitResult[]> {
  const config = attempt.c.get("config");
  const ids = limits.map(({ name, who }) => keyedHash(`${name}:${who}`, config.SIGNING_SECRET));
  const count = async (redis: Redis, keys: Keys) => {
    const { userId, now } = attempt;
    const orderId = idToMark(attempt);
    const [results] = await Promise.all([
      Promise.all(limits.map((limit, at) => countOne(redis, keys, limit, ids[at] as string))),
      orderId && markUnderWay(redis, keys, userId, { orderId, at: now }),
    ]);
    return results;
  };
  return withRedis(config, "redis", count, stopWaiting);
}

/** Refuses a buyer whose own limit is already used up, before any shared limit is counted. */
export const exhausted: Stage<Identified> = {
  name: "limits",
  check(attempt) {
    const limit = limitOf(attempt, "user");
    return limit.budget.left <= 0 ? rateLimited(attempt, limit) : undefined;
  },
};

export const limits: Stage<Counted> = {
  name: "limits",
  async check(attempt) {
    if (attempt.route === "order") {
      attempt.orderId = newOrderId(objectOf(attempt));
    }
    const both = [limitOf(attempt, "user"), limitOf(attempt, "ip")];
    const usedUp = both.find(({ budget }) => budget.left <= 0);
    if (usedUp) return rateLimited(attempt, usedUp);
    for (const { budget } of both) budget.left -= 1;
    let results: LimitResult[];
    try {
      results = await countBoth(attempt, both);
    } catch (error) {
      return countWithShield(attempt, error);
    }
    const refused = results.filter(({ success }) => !success);
    for (const { limit, reset } of refused) {
      Object.assign(limit.budget, { until: refusedUntil(limit.policy, reset), left: 0 });
    }
    const last = refused.toSorted((a, b) => a.reset - b.reset).at(-1);
    if (last) return rateLimited(attempt, last.limit);
    const share = ({ limit, remaining }: LimitResult) => remaining / limit.policy.limit;
    const [tightest] = results.toSorted((a, b) => share(a) - share(b)) as [LimitResult];
    const { limit, remaining, reset } = tightest;
    attempt.tightest = { name: limit.name, remaining, resetSeconds: secondsUntil(reset) };
    return undefined;
  },
};

/**
 * When the edge sends Redis another request after a refusal, in milliseconds since 1970. In a sliding window, the
 * weight of the previous window falls steadily, so a slot may be free long before the window ends.
 */
function refusedUntil({ algorithm, limit, windowSeconds }: LimitPolicy, reset: number): number {
  if (algorithm !== "sliding-window") return reset;
  return Math.min(reset, Date.now() + (windowSeconds * 1_000) / limit);
}

/** Limits reads in this isolate only, because counting a read in Redis would cost as much as the read. */
export const readLimit: Stage<Identified> = {
  name: "limits",
  check(attempt) {
    const limit = limitOf(attempt, "user");
    if (limit.budget.left <= 0) return rateLimited(attempt, limit);
    limit.budget.left -= 1;
    const { left, until } = limit.budget;
    attempt.tightest = { name: "user", remaining: left, resetSeconds: secondsUntil(until) };
    return undefined;
  },
};

/** Refuses an attempt over a limit. Only the user's own limit counts toward a block, as many people share an address. */
function rateLimited(attempt: Identified, { name, budget }: Limit): Refusal {
  const seconds = secondsUntil(budget.until);
  attempt.tightest = { name, remaining: 0, resetSeconds: seconds };
  if (attempt.route === "order" && name === "user") recordRefusal(attempt, "limitRefusals");
  return refuse("rate_limited", { retryAfterSeconds: seconds });
}

/**
 * Counts the address with the colo's shield while Redis is down; the shield has counted the user already. Each use is
 * counted as `limits_degraded`.
 */
async function countWithShield(attempt: Counted, error: unknown): Promise<Refusal | undefined> {
  const { c, route, userId, orderId, now, pending } = attempt;
  if (orderId && !pending) rememberMark(userId, { orderId, at: now });
  count("limits_degraded");
  log("limits.degraded", { requestId: c.get("requestId"), cause: causeOf(error) });
  const passes = await passesShield(c, `${route}|known|${limitedBlock(attempt)}`);
  return passes ? undefined : shieldRefusal(attempt, "ip");
}
