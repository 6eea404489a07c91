// Access to Redis: a short-lived client per operation, a time limit, and circuit breakers per isolate.
import { Redis } from "@upstash/redis/cloudflare";
import type { Config } from "../config/config.ts";
import { PRICES } from "../cost/prices.ts";
import { COMMANDS_OF_SCRIPT } from "../cost/usage.ts";
import { Breaker } from "../edge/breaker.ts";
import { add } from "../observability/metrics.ts";
import { type TimeLimit, withTimeLimit } from "../time-limit.ts";
import { isAboutValue } from "./bad-values.ts";
import { type Keys, keysOf } from "./keys.ts";

export type RedisConfig = Pick<
  Config,
  "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN" | "REDIS_PREFIX" | "BREAKERS"
>;

const breakerOf = (name: "redis" | "redis-background") =>
  new Breaker(name, (error) => !isAboutValue(error));

/** By who waits, because what is too slow for a buyer may be fast enough for the consumer. */
const breakers = {
  /** A buyer waits: a failure is better than a late answer. */
  redis: breakerOf("redis"),
  /** The consumer, the operator, or the reconciliation waits. */
  "redis-background": breakerOf("redis-background"),
};

/** The state of this isolate's breaker for buyers' requests: for `/readyz` and the metrics. */
export const redisBreakerState = () => breakers.redis.state;

/** For tests: resets the breakers, as in a new isolate. */
export function resetRedisBreaker(): void {
  for (const breaker of Object.values(breakers)) breaker.reset();
}

/**
 * Runs `operation` with a new client. The client pipelines all commands of the same tick. It must not outlive the request,
 * because its shared fetch is canceled with the first caller. Strings are returned as they were stored, without JSON
 * parsing. `keys` are the names of the deployment's keys.
 *
 * @param waiting the breaker for those who wait, whose `limitMs` ends each HTTP request
 * @param within how it ends
 * @throws if Redis is slow or down, or the breaker is open. Every caller has a fallback or retries.
 */
export async function withRedis<T>(
  config: RedisConfig,
  waiting: keyof typeof breakers,
  operation: (redis: Redis, keys: Keys) => Promise<T>,
  within: TimeLimit = withTimeLimit,
): Promise<T> {
  const limits = config.BREAKERS[waiting];
  /** Of the request that is being sent. A function, because otherwise the client answers an aborted request with a result. */
  let signal: AbortSignal | undefined;
  const redis: Redis = new Redis({
    url: config.UPSTASH_REDIS_REST_URL,
    token: config.UPSTASH_REDIS_REST_TOKEN,
    automaticDeserialization: false,
    enableTelemetry: false,
    retry: { retries: 0 },
    signal: () => signal as AbortSignal, // the client takes an undefined one for none
  });
  redis.use((request, next) => {
    countCommands(request.body);
    return within(limits.limitMs, (own) => {
      signal = own;
      return next(request); // takes the signal before it awaits anything
    });
  });
  return breakers[waiting].run(limits, () => operation(redis, keysOf(config)));
}

const SCRIPT = /^eval/i;

/** Counts what a request sends: one command, or a list of them. Scripts are billed by what they do. */
function countCommands(body: unknown): void {
  const [first] = body as unknown[];
  const commands = (Array.isArray(first) ? body : [body]) as unknown[][];
  const scripts = commands.filter(([name]) => SCRIPT.test(String(name))).length;
  add("redis_commands", commands.length);
  const billed = commands.length + scripts * (COMMANDS_OF_SCRIPT - 1);
  add("redis_dollars", billed * PRICES.redisCommands.dollars);
}

/** Reads a whole hash. Without the client's deserialization Redis returns a flat list of names and values. */
export async function readHash(redis: Redis, key: string): Promise<Map<string, string>> {
  return toFields((await redis.hgetall(key)) as unknown as string[] | null);
}

/** Converts a flat list of alternating names and values, as Redis returns a hash. */
export function toFields(flat: string[] | null): Map<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; flat && i + 1 < flat.length; i += 2) {
    fields.set(flat[i] as string, flat[i + 1] as string);
  }
  return fields;
}
