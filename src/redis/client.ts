// The way to Redis: one short-lived client per piece of work, a time limit, and breakers per isolate.
import { Redis } from "@upstash/redis/cloudflare";
import type { Config } from "../config.ts";
import { Breaker } from "../edge/breaker.ts";
import { isAboutValue } from "./bad-values.ts";
import { type Keys, keysOf } from "./keys.ts";

export type RedisConfig = Pick<
  Config,
  "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN" | "REDIS_PREFIX"
>;

/** Someone is waiting for the answer: better none than a late one. */
export const INTERACTIVE_LIMIT_MS = 300;
/** Nobody is waiting: the consumer, the operator, the reconciliation. */
export const BACKGROUND_LIMIT_MS = 5_000;

/** A breaker for each time limit: too slow for a buyer is not too slow for the consumer. */
const breakers = new Map<number, Breaker>();

function breakerFor(limitMs: number): Breaker {
  const breaker = breakers.get(limitMs) ?? new Breaker((error) => !isAboutValue(error));
  breakers.set(limitMs, breaker);
  return breaker;
}

/** The state of this isolate's breaker for buyers' requests: for `/readyz` and the metrics. */
export const redisBreakerState = () => breakerFor(INTERACTIVE_LIMIT_MS).state;

/** For tests: forget past failures, as a fresh isolate would have. */
export function resetRedisBreaker(): void {
  for (const breaker of breakers.values()) breaker.reset();
}

/**
 * Runs `operation` with a client of its own. The client pipelines by itself what is asked in the same
 * tick, and it must not outlive the request: its shared fetch would be cancelled with its first
 * caller. Strings come back as they were stored (no JSON guessing). `keys` are the names to use.
 *
 * @param limitMs time limit of each HTTP request
 * @throws when Redis is slow, down or the breaker is open: every caller has a fallback or retries
 */
export async function withRedis<T>(
  config: RedisConfig,
  limitMs: number,
  operation: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> {
  const redis = new Redis({
    url: config.UPSTASH_REDIS_REST_URL,
    token: config.UPSTASH_REDIS_REST_TOKEN,
    automaticDeserialization: false,
    enableTelemetry: false,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(limitMs),
  });
  return breakerFor(limitMs).run(limitMs, () => operation(redis, keysOf(config)));
}

/** A whole hash. Without the client's own deserialization Redis's flat list of names and values arrives as it is. */
export async function readHash(redis: Redis, key: string): Promise<Map<string, string>> {
  return toFields((await redis.hgetall(key)) as unknown as string[] | null);
}

/** Names and values in turn, as Redis lists a hash. */
export function toFields(flat: string[] | null): Map<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; flat && i + 1 < flat.length; i += 2) {
    fields.set(flat[i] as string, flat[i + 1] as string);
  }
  return fields;
}
