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
import { addressBlock, hashAddress } from "./caller.ts";
import { SHIELD_PERIOD_SECONDS } from "./flood.ts";
import { type LimitPolicy, type Protection, protectionOf } from "./protection.ts";

type PolicyName = keyof Protection["limits"];

const NAMES: readonly PolicyName[] = ["ip", "user"];

/** Who is blocked until when, kept for the isolate: a blocked caller costs no further round trip. */
const blocked: Record<PolicyName, Map<string, number>> = { ip: new Map(), user: new Map() };
/** The library never forgets a caller that does not come back, so the map is emptied when it is full. */
const MAX_BLOCKED = 50_000;

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

/** A limiter for one piece of work; what it must remember is in `blocked`. */
export function limiter(redis: Redis, saleId: string, name: PolicyName, policy: LimitPolicy) {
  if (blocked[name].size > MAX_BLOCKED) blocked[name].clear();
  return new Ratelimit({
    redis,
    limiter: algorithmOf(policy),
    prefix: `${RATE_LIMIT_PREFIX}:${saleId}:${name}`,
    ephemeralCache: blocked[name],
    timeout: 0, // the client's own time limit aborts; the library's would silently allow
  });
}

export const limits: Stage = {
  name: "limits",
  async check(attempt) {
    const { c, userId, entry } = attempt;
    const config = c.get("config");
    const policies = protectionOf(entry.sale).limits;
    let answers: Answers;
    try {
      const block = await hashAddress(addressBlock(c), config.SIGNING_SECRET);
      answers = await withRedis(config, INTERACTIVE_LIMIT_MS, async (redis) => {
        const ask = (name: PolicyName, id: string) =>
          limiter(redis, entry.sale.id, name, policies[name]).limit(id);
        const [ip, user] = await Promise.all([ask("ip", block), ask("user", userId)]);
        return { ip, user };
      });
    } catch (error) {
      return degraded(c, userId, error);
    }
    const refusal = decide(c, policies, answers);
    if (refusal && !answers.user.success) noteRefusal(attempt, "limitRefusals");
    return refusal;
  },
};

type Answers = Record<PolicyName, Awaited<ReturnType<Ratelimit["limit"]>>>;

function decide(
  c: AppContext,
  policies: Protection["limits"],
  answers: Answers,
): Refusal | undefined {
  const now = Date.now();
  const seconds = (name: PolicyName) => Math.max(1, Math.ceil((answers[name].reset - now) / 1_000));
  const left = (name: PolicyName) => answers[name].remaining / policies[name].limit;
  const tightest = left("ip") < left("user") ? "ip" : "user";
  const remaining = Math.max(0, answers[tightest].remaining);
  describeLimit(c, policies, tightest, remaining, seconds(tightest));
  const refused = NAMES.filter((name) => !answers[name].success);
  if (refused.length === 0) return undefined;
  return refuse("rate_limited", { retryAfterSeconds: Math.max(...refused.map(seconds)) });
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

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers, and the older `X-RateLimit-*` (reset as Unix
 * seconds), for the policy that is closest to its end. Without a count: what the edge knows, all of it.
 */
export function describeLimit(
  c: Attempt["c"],
  policies: Protection["limits"],
  name: PolicyName = "user",
  remaining: number = policies[name].limit,
  resetSeconds: number = policies[name].windowSeconds,
): void {
  const policy = NAMES.map((n) => `"${n}";q=${policies[n].limit};w=${policies[n].windowSeconds}`);
  c.header("RateLimit-Policy", policy.join(", "));
  c.header("RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`);
  c.header("X-RateLimit-Limit", String(policies[name].limit));
  c.header("X-RateLimit-Remaining", String(remaining));
  c.header("X-RateLimit-Reset", String(Math.ceil(Date.now() / 1_000) + resetSeconds));
}
