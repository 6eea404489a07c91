// Per-address and per-user limits, both asked in one Redis round trip.
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import type { LimitPolicy } from "../catalog/protection.ts";
import { type Refusal, refuse } from "../errors.ts";
import { LANE } from "../inventory/client.ts";
import { newOrderId } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { isAboutValue } from "../redis/bad-values.ts";
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { markUnderWay, rememberMark } from "../redis/under-way.ts";
import type { Identified, Purchase, Stage } from "./attempt.ts";
import { recordRefusal } from "./behavior.ts";
import { budgetOf } from "./budget.ts";
import { addressBlock, keyedHash } from "./caller.ts";
import { passesShield, shieldRefusal } from "./flood-shield.ts";
import { type Limit, limitOf, secondsUntil } from "./policies.ts";

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

/** An attempt that is counted. One that buys gets the id of its order here. */
type Counted = Identified & Pick<Purchase, "orderId">;

interface LimitAnswer {
  limit: Limit;
  success: boolean;
  remaining: number;
  reset: number;
}

async function countOne(redis: Redis, keys: Keys, limit: Limit, id: string): Promise<LimitAnswer> {
  const limiter = new Ratelimit({
    redis,
    limiter: algorithmOf(limit.policy),
    prefix: `${keys.limit}:${limit.prefix}`,
    ephemeralCache: false, // the budget remembers, and knows of requests that are still under way
    timeout: 0, // the client's own time limit aborts; the library's would silently allow
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

/** The keys that the library counts one caller under, now and in the window before. */
function keysOfLimit(key: string, { windowSeconds }: LimitPolicy): string[] {
  const window = Math.floor(Date.now() / (windowSeconds * 1_000));
  return [key, `${key}:${window}`, `${key}:${window - 1}`];
}

/** How many attempts of one user an isolate marks in an hour. A bound, so that machines cannot fill Redis. */
const MARKS: LimitPolicy = { algorithm: "fixed-window", limit: 100, windowSeconds: 3_600 };

/** The id of an order that this attempt may make, and that its buyer's list must show at once. */
function idToMark({ orderId, userId, now, pending }: Counted): string | undefined {
  if (pending) return undefined;
  const budget = budgetOf(`marks:${userId}`, MARKS, now);
  budget.left -= 1;
  return budget.left >= 0 ? orderId : undefined;
}

/** Both limits, and the mark of an order, in one round trip: commands of the same tick share it. */
async function countBoth(attempt: Counted, limits: Limit[]): Promise<LimitAnswer[]> {
  const config = attempt.c.get("config");
  const ids = await Promise.all(
    limits.map(({ name, who }) => keyedHash(`${name}:${who}`, config.SIGNING_SECRET)),
  );
  return withRedis(config, INTERACTIVE_LIMIT_MS, async (redis, keys) => {
    const { userId, now } = attempt;
    const orderId = idToMark(attempt);
    const [answers] = await Promise.all([
      Promise.all(limits.map((limit, at) => countOne(redis, keys, limit, ids[at] as string))),
      orderId && markUnderWay(redis, keys, userId, { orderId, at: now }),
    ]);
    return answers;
  });
}

/** Refuses a buyer who is known to be over their own limit, before anything shared is counted. */
export const exhausted: Stage<Identified> = {
  name: "limits",
  check(attempt) {
    const limit = limitOf(attempt, "user");
    return limit.budget.left <= 0 ? over(attempt, limit) : undefined;
  },
};

export const limits: Stage<Counted> = {
  name: "limits",
  async check(attempt) {
    if (attempt.route === "order") {
      attempt.orderId = newOrderId({ skuId: attempt.skuId, lane: LANE });
    }
    const both = [limitOf(attempt, "user"), limitOf(attempt, "ip")];
    const exhausted = both.find(({ budget }) => budget.left <= 0);
    if (exhausted) return over(attempt, exhausted);
    for (const { budget } of both) budget.left -= 1;
    let answers: LimitAnswer[];
    try {
      answers = await countBoth(attempt, both);
    } catch (error) {
      return degraded(attempt, error);
    }
    const refused = answers.filter(({ success }) => !success);
    for (const { limit, reset } of refused) {
      Object.assign(limit.budget, { until: heldUntil(limit.policy, reset), left: 0 });
    }
    const last = refused.toSorted((a, b) => a.reset - b.reset).at(-1);
    if (last) return over(attempt, last.limit);
    const share = ({ limit, remaining }: LimitAnswer) => remaining / limit.policy.limit;
    const [tightest] = answers.toSorted((a, b) => share(a) - share(b)) as [LimitAnswer];
    const { limit, remaining, reset } = tightest;
    attempt.tightest = { name: limit.name, remaining, resetSeconds: secondsUntil(reset) };
    return undefined;
  },
};

/**
 * How long a refusal by Redis holds. In a sliding window, the requests of the previous window fade one by one,
 * so the next slot may be free long before the window ends.
 */
function heldUntil({ algorithm, limit, windowSeconds }: LimitPolicy, reset: number): number {
  if (algorithm !== "sliding-window") return reset;
  return Math.min(reset, Date.now() + (windowSeconds * 1_000) / limit);
}

/** Limits reads in this isolate alone: a read costs Redis no more than counting it would. */
export const readLimit: Stage<Identified> = {
  name: "limits",
  check(attempt) {
    const limit = limitOf(attempt, "user");
    if (limit.budget.left <= 0) return over(attempt, limit);
    limit.budget.left -= 1;
    const { left, until } = limit.budget;
    attempt.tightest = { name: "user", remaining: left, resetSeconds: secondsUntil(until) };
    return undefined;
  },
};

/** Refuses over a limit. Many people share an address, so only their own limit counts against a user. */
function over(attempt: Identified, { name, budget }: Limit): Refusal {
  const seconds = secondsUntil(budget.until);
  attempt.tightest = { name, remaining: 0, resetSeconds: seconds };
  if (attempt.route === "order" && name === "user") recordRefusal(attempt, "limitRefusals");
  return refuse("rate_limited", { retryAfterSeconds: seconds });
}

/**
 * While Redis cannot count, the colo's shield counts the address; it has counted the user already. This is
 * counted as degraded, never a silent allow.
 */
async function degraded(attempt: Counted, error: unknown): Promise<Refusal | undefined> {
  const { c, route, userId, orderId, now, pending } = attempt;
  if (orderId && !pending) rememberMark(userId, { orderId, at: now });
  count("limits_degraded");
  log("limits.degraded", { requestId: c.get("requestId"), cause: causeOf(error) });
  const passes = await passesShield(c, `${route}|known|${addressBlock(c)}`);
  return passes ? undefined : shieldRefusal(attempt, "ip");
}
