// Access to Redis: a short-lived client per operation, a time limit, and circuit breakers per isolate.
import { Redis } from "@upstash/redis/cloudflare";
import type { Config } from "../config.ts";
import { Breaker } from "../edge/breaker.ts";
import { add } from "../observability/metrics.ts";
import { isAboutValue } from "./bad-values.ts";
import { type Keys, keysOf } from "./keys.ts";

export type RedisConfig = Pick<
  Config,
  "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN" | "REDIS_PREFIX" | "BREAKERS"
>;

/** Time limit while a buyer waits: a failure is better than a late answer. */
export const INTERACTIVE_LIMIT_MS = 300;
/** Time limit of the consumer, the operator, and the reconciliation. */
export const BACKGROUND_LIMIT_MS = 5_000;

/** One breaker per time limit, because what is too slow for a buyer may be fast enough for the consumer. */
const breakers = new Map<number, Breaker>();

function breakerFor(limitMs: number): Breaker {
  const breaker =
    breakers.get(limitMs) ?? new Breaker(nameOf(limitMs), (error) => !isAboutValue(error));
  breakers.set(limitMs, breaker);
  return breaker;
}

const nameOf = (limitMs: number) =>
  limitMs === INTERACTIVE_LIMIT_MS ? "redis" : "redis-background";

/** The state of this isolate's breaker for buyers' requests: for `/readyz` and the metrics. */
export const redisBreakerState = () => breakerFor(INTERACTIVE_LIMIT_MS).state;

/** For tests: resets the breakers, as in a new isolate. */
export function resetRedisBreaker(): void {
  for (const breaker of breakers.values()) breaker.reset();
}

/**
 * Runs `operation` with a new client. The client pipelines all commands of the same tick. It must not outlive the request,
 * because its shared fetch is canceled with the first caller. Strings are returned as they were stored, without JSON
 * parsing. `keys` are the names of the deployment's keys.
 *
 * @param limitMs time limit of each HTTP request
 * @throws if Redis is slow or down, or the breaker is open. Every caller has a fallback or retries.
 */
export async function withRedis<T>(
  config: RedisConfig,
  limitMs: number,
  operation: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> {
  const redis: Redis = new Redis({
    url: config.UPSTASH_REDIS_REST_URL,
    token: config.UPSTASH_REDIS_REST_TOKEN,
    automaticDeserialization: false,
    enableTelemetry: false,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(limitMs),
  });
  redis.use((request, next) => {
    countCommands(request.body);
    return next(request);
  });
  const limits = config.BREAKERS[nameOf(limitMs)];
  return breakerFor(limitMs).run(limits, limitMs, () => operation(redis, keysOf(config)));
}

/** Upstash's price of a command in US dollars. */
const COMMAND_PRICE = 0.000_002;
const SCRIPT = /^eval/i;

/** Counts what a request sends: one command, or a list of them. Scripts are billed by what they do: mostly two commands. */
function countCommands(body: unknown): void {
  const [first] = body as unknown[];
  const commands = (Array.isArray(first) ? body : [body]) as unknown[][];
  const scripts = commands.filter(([name]) => SCRIPT.test(String(name))).length;
  add("redis_commands", commands.length);
  add("redis_dollars", (commands.length + scripts) * COMMAND_PRICE);
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
