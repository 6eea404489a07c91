// The limits of the circuit breakers: their defaults, and how an operator changes them.
import * as z from "zod";

/** How long a call may take, and when its breaker opens and probes. */
export interface BreakerLimits {
  /** A call without an answer fails after so long: milliseconds. */
  limitMs: number;
  /** Opens after so many failures without another answer between them. */
  failuresInRow: number;
  /** The shares below count once ten seconds had at least so many calls. */
  minimumCalls: number;
  /** Opens above this share of failed calls, from 0 to 1. */
  failureShare: number;
  /** Opens above this share of slow calls, from 0 to 1. */
  slowShare: number;
  /** Calls that take longer are slow: milliseconds. */
  slowMs: number;
  /** How long nothing is called before a probe: milliseconds, and up to half as much again. */
  openMs: number;
}

const COMMON: Omit<BreakerLimits, "limitMs"> = {
  failuresInRow: 5,
  minimumCalls: 100,
  failureShare: 0.05,
  slowShare: 0.5,
  slowMs: 500,
  openMs: 2_000,
};

/** By the name of the breaker. */
const DEFAULTS = {
  /** A buyer waits, for whom a failure is better than a late answer. */
  redis: { ...COMMON, limitMs: 300 },
  /** Slow answers still finish the work of the consumer and of the operator. */
  "redis-background": { ...COMMON, limitMs: 5_000, slowMs: 2_500 },
  /**
   * A slow charge still sells a unit, so only answers close to the time limit are slow. One order whose every try fails must
   * not stop the others.
   */
  payments: {
    limitMs: 4_000,
    failuresInRow: 10,
    minimumCalls: 20,
    failureShare: 0.2,
    slowShare: 0.5,
    slowMs: 3_500,
    openMs: 5_000,
  },
  turnstile: { ...COMMON, limitMs: 2_000, slowMs: 1_000 },
  /** A slow shop still takes its events. Each may be answered with an error of its own. */
  webhook: {
    limitMs: 5_000,
    failuresInRow: 5,
    minimumCalls: 20,
    failureShare: 0.2,
    slowShare: 0.5,
    slowMs: 4_000,
    openMs: 5_000,
  },
  /** For each relay. Two of them together fit into two ticks of the line. */
  beacon: { ...COMMON, limitMs: 1_000 },
} as const satisfies Record<string, BreakerLimits>;

export type BreakerName = keyof typeof DEFAULTS;
export type AllBreakerLimits = Record<BreakerName, BreakerLimits>;

const NAMES = Object.keys(DEFAULTS) as BreakerName[];
/** A payment runner's whole work must fit into the scheduler's limit of 30 seconds. */
const MAX_LIMIT_MS = 20_000;
const share = z.number().gt(0).max(1);

const changesSchema = z.partialRecord(
  z.enum(NAMES),
  z
    .strictObject({
      limitMs: z.int().min(10).max(MAX_LIMIT_MS),
      failuresInRow: z.int().min(1).max(1_000),
      minimumCalls: z.int().min(1).max(10_000),
      failureShare: share,
      slowShare: share,
      slowMs: z.int().min(1).max(60_000),
      openMs: z.int().min(100).max(60_000),
    })
    .partial(),
);

/** Changes of the defaults, by breaker. Becomes the limits of all breakers. */
export const breakerLimits = changesSchema.transform(
  (changes) =>
    Object.fromEntries(
      NAMES.map((name) => [name, { ...DEFAULTS[name], ...changes[name] }]),
    ) as AllBreakerLimits,
);
