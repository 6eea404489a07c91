// Stage: per-address and per-user limits, both asked in one Redis round trip.
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { RATE_LIMIT_PREFIX } from "../redis/keys.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { noteRefusal } from "./behaviour.ts";
import { type Budget, budgetOf } from "./budget.ts";
import { addressBlock, hashAddress } from "./caller.ts";
import { SHIELD_PERIOD_SECONDS } from "./flood.ts";
import { type LimitPolicy, type Protection, protectionOf } from "./protection.ts";

type PolicyName = keyof Protection["limits"];

const NAMES: readonly PolicyName[] = ["ip", "user"];

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

/** One limit as it applies to one caller. */
interface Limit {
  name: PolicyName;
  policy: LimitPolicy;
  /** Its name in Redis. A policy that was changed counts anew. */
  prefix: string;
  id: string;
  budget: Budget;
}

interface LimitAnswer {
  limit: Limit;
  success: boolean;
  remaining: number;
  reset: number;
}

function limitOf(saleId: string, name: PolicyName, policy: LimitPolicy, id: string): Limit {
  const { algorithm, limit, windowSeconds } = policy;
  const prefix = [RATE_LIMIT_PREFIX, saleId, name, algorithm, limit, windowSeconds].join(":");
  return { name, policy, prefix, id, budget: budgetOf(`${prefix}:${id}`, policy, Date.now()) };
}

async function ask(redis: Redis, limit: Limit): Promise<LimitAnswer> {
  const limiter = new Ratelimit({
    redis,
    limiter: algorithmOf(limit.policy),
    prefix: limit.prefix,
    ephemeralCache: false, // the budget remembers, and knows of questions that are still open too
    timeout: 0, // the client's own time limit aborts; the library's would silently allow
  });
  const { success, remaining, reset } = await limiter.limit(limit.id);
  return { limit, success, remaining, reset };
}

export const limits: Stage = {
  name: "limits",
  async check(attempt) {
    const { c, userId, entry } = attempt;
    const config = c.get("config");
    const policies = protectionOf(entry.sale).limits;
    const block = await hashAddress(addressBlock(c), config.SIGNING_SECRET);
    const ip = limitOf(entry.sale.id, "ip", policies.ip, block);
    const user = limitOf(entry.sale.id, "user", policies.user, userId);
    const spent = [user, ip].find(({ budget }) => budget.left <= 0);
    if (spent) return over(attempt, spent);
    for (const { budget } of [ip, user]) budget.left -= 1;
    let answers: LimitAnswer[];
    try {
      answers = await withRedis(config, INTERACTIVE_LIMIT_MS, (redis) =>
        Promise.all([ask(redis, ip), ask(redis, user)]),
      );
    } catch (error) {
      return degraded(c, userId, error);
    }
    const refused = answers.filter(({ success }) => !success);
    for (const { limit, reset } of refused) Object.assign(limit.budget, { until: reset, left: 0 });
    const last = refused.toSorted((a, b) => a.reset - b.reset).at(-1);
    if (last) return over(attempt, last.limit);
    const share = ({ limit, remaining }: LimitAnswer) => remaining / limit.policy.limit;
    const [tightest] = answers.toSorted((a, b) => share(a) - share(b)) as [LimitAnswer];
    const { limit, remaining, reset } = tightest;
    attempt.tightest = { name: limit.name, remaining, resetSeconds: secondsUntil(reset) };
    return undefined;
  },
};

const secondsUntil = (time: number): number => Math.max(1, Math.ceil((time - Date.now()) / 1_000));

/** Over a limit. Behind one address are many people: only the user's own limit counts against the user. */
function over(attempt: Attempt, { name, budget }: Limit): Refusal {
  const seconds = secondsUntil(budget.until);
  attempt.tightest = { name, remaining: 0, resetSeconds: seconds };
  if (name === "user") noteRefusal(attempt, "limitRefusals");
  return refuse("rate_limited", { retryAfterSeconds: seconds });
}

/** Redis cannot count: the colo's own shield does, for the user too. Counted, never a silent allow. */
async function degraded(
  c: AppContext,
  userId: string,
  error: unknown,
): Promise<Refusal | undefined> {
  count("limits_degraded");
  log("limits.degraded", { requestId: c.get("requestId"), cause: causeOf(error) });
  const { success } = await c.env.FLOOD_SHIELD.limit({ key: `user:${userId}` });
  if (success) return undefined;
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/** `RateLimit-Policy`, the same for everybody who comes to a sale. */
const policyTexts = new WeakMap<Protection, string>();

function policyText(protection: Protection): string {
  const known = policyTexts.get(protection);
  if (known) return known;
  const text = NAMES.map((name) => {
    const { limit, windowSeconds } = protection.limits[name];
    return `"${name}";q=${limit};w=${windowSeconds}`;
  }).join(", ");
  policyTexts.set(protection, text);
  return text;
}

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers, and the older `X-RateLimit-*` (reset as Unix
 * seconds), for the policy that is closest to its end. Without a count: what the edge knows, all of it.
 */
export function describeLimit({ entry, tightest }: Attempt): [name: string, value: string][] {
  const protection = protectionOf(entry?.sale ?? {});
  const name = tightest?.name ?? "user";
  const { limit, windowSeconds } = protection.limits[name];
  const remaining = tightest?.remaining ?? limit;
  const resetSeconds = tightest?.resetSeconds ?? windowSeconds;
  return [
    ["RateLimit-Policy", policyText(protection)],
    ["RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`],
    ["X-RateLimit-Limit", String(limit)],
    ["X-RateLimit-Remaining", String(remaining)],
    ["X-RateLimit-Reset", String(Math.ceil(Date.now() / 1_000) + resetSeconds)],
  ];
}
