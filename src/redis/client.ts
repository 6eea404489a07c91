// The way to Redis: one short-lived client per piece of work, a time limit, and breakers per isolate.
import { Redis } from "@upstash/redis/cloudflare";
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import type { Config } from "../config.ts";
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

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 2_000;

type BreakerSnapshot = ReturnType<CircuitBreakerPolicy["toJSON"]>;

function newBreaker(initialState?: BreakerSnapshot): CircuitBreakerPolicy {
  return circuitBreaker(
    handleWhen((error) => !isAboutValue(error)),
    {
      halfOpenAfter: OPEN_MS,
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      ...(initialState ? { initialState } : {}),
    },
  );
}

/** The breaker for one time limit: too slow for a buyer is not too slow for the consumer. */
class Gate {
  #breaker = newBreaker();
  #probeUntil = 0;

  get state(): CircuitState {
    return this.#breaker.state;
  }

  /**
   * Runs one operation under the breaker. While a probe is out, others are refused at once instead of
   * waiting for it: a promise of another request may never settle on Workers. For the same reason a
   * probe whose request was cancelled would hold the breaker half-open for ever, so after its time
   * limit the breaker is opened again from its own snapshot and the next caller probes.
   */
  run<T>(limitMs: number, operation: () => Promise<T>): Promise<T> {
    const now = Date.now();
    if (this.state === CircuitState.HalfOpen) {
      if (now < this.#probeUntil) throw new BrokenCircuitError("Redis is being probed");
      this.#breaker = newBreaker(this.#breaker.toJSON());
    }
    if (this.state === CircuitState.Open) this.#probeUntil = now + limitMs + OPEN_MS;
    return this.#breaker.execute(operation);
  }
}

const gates = new Map<number, Gate>();

function gateFor(limitMs: number): Gate {
  const gate = gates.get(limitMs) ?? new Gate();
  gates.set(limitMs, gate);
  return gate;
}

/** What this isolate's breaker for buyers' requests thinks: for `/readyz` and the metrics. */
export function redisBreakerState(): "closed" | "open" | "half-open" {
  const { state } = gateFor(INTERACTIVE_LIMIT_MS);
  if (state === CircuitState.Closed) return "closed";
  return state === CircuitState.HalfOpen ? "half-open" : "open";
}

/** For tests: forget past failures, as a fresh isolate would have. */
export function resetRedisBreaker(): void {
  gates.clear();
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
  return gateFor(limitMs).run(limitMs, () => operation(redis, keysOf(config)));
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
