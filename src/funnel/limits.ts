// Stage 6: per-address and per-user limits, both asked in one Redis round trip.
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "@upstash/redis/cloudflare";
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { RATE_LIMIT_PREFIX } from "../redis/keys.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { addressBlock, hashAddress } from "./caller.ts";
import { SHIELD_PERIOD_SECONDS } from "./flood.ts";

/** Order attempts allowed. Many people share one address behind carrier NAT; a user is one person. */
export const POLICIES = {
  ip: { limit: 1_000, windowSeconds: 10 },
  user: { limit: 50, windowSeconds: 10 },
} as const;

type PolicyName = keyof typeof POLICIES;

/** Who is blocked until when, kept for the isolate: a blocked caller costs no further round trip. */
const blocked: Record<PolicyName, Map<string, number>> = { ip: new Map(), user: new Map() };

function limiter(redis: Redis, name: PolicyName): Ratelimit {
  const { limit, windowSeconds } = POLICIES[name];
  return new Ratelimit({
    redis,
    limiter: Ratelimit.fixedWindow(limit, `${windowSeconds} s`),
    prefix: `${RATE_LIMIT_PREFIX}:${name}`,
    ephemeralCache: blocked[name],
    timeout: 0, // the client's own time limit aborts; the library's would silently allow
  });
}

export const limits: Stage = {
  name: "limits",
  async check({ c, userId }) {
    const config = c.get("config");
    try {
      const block = await hashAddress(addressBlock(c), config.SIGNING_SECRET);
      const [ip, user] = await withRedis(config, INTERACTIVE_LIMIT_MS, (redis) =>
        Promise.all([limiter(redis, "ip").limit(block), limiter(redis, "user").limit(userId)]),
      );
      return decide(c, { ip, user });
    } catch (error) {
      return degraded(c, userId, error);
    }
  },
};

type Answers = Record<PolicyName, Awaited<ReturnType<Ratelimit["limit"]>>>;

function decide(c: AppContext, answers: Answers): Refusal | undefined {
  const now = Date.now();
  const seconds = (name: PolicyName) => Math.max(1, Math.ceil((answers[name].reset - now) / 1_000));
  const names: PolicyName[] = ["ip", "user"];
  const left = (name: PolicyName) => answers[name].remaining / answers[name].limit;
  const tightest = left("ip") < left("user") ? "ip" : "user";
  describeLimit(c, tightest, Math.max(0, answers[tightest].remaining), seconds(tightest));
  const refused = names.filter((name) => !answers[name].success);
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
 * seconds), for the policy that is closest to its end.
 */
export function describeLimit(
  c: Attempt["c"],
  name: PolicyName,
  remaining: number = POLICIES[name].limit,
  resetSeconds: number = POLICIES[name].windowSeconds,
): void {
  const policy = Object.entries(POLICIES)
    .map(
      ([policyName, { limit, windowSeconds }]) => `"${policyName}";q=${limit};w=${windowSeconds}`,
    )
    .join(", ");
  c.header("RateLimit-Policy", policy);
  c.header("RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`);
  c.header("X-RateLimit-Limit", String(POLICIES[name].limit));
  c.header("X-RateLimit-Remaining", String(remaining));
  c.header("X-RateLimit-Reset", String(Math.ceil(Date.now() / 1_000) + resetSeconds));
}
