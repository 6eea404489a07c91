// How old a held value is, and when its source should be read again.
import { elapsed } from "./elapsed.ts";

/** Milliseconds, the same always or by the time. */
export type Duration = number | ((now: number) => number);

export const durationAt = (duration: Duration, now: number): number =>
  typeof duration === "number" ? duration : duration(now);

/** Spreads the refreshes of many isolates: the lifetime of a value is shortened by up to this share of `freshMs`. */
const JITTER = 0.25;
/** How long the source is not read after a failure. */
const PAUSE_MS = 1_000;
const NEVER = Number.NEGATIVE_INFINITY;

/** The age of one held value, and the pause of its source. Times are milliseconds. */
export class Freshness {
  readonly #freshMs: Duration;
  #readAt = NEVER;
  /** The part of `freshMs` for which this value stays fresh: 0 to 1. */
  #share = 0;
  #failedAt = NEVER;

  /** @param freshMs up to this age a value is served without a refresh */
  constructor(freshMs: Duration) {
    this.#freshMs = freshMs;
  }

  /** Call when a value read at `readAt` is stored. If it is not fresh any more, its source is failing. */
  hold(readAt: number): void {
    const now = Date.now();
    const freshMs = durationAt(this.#freshMs, now);
    const jittered = 1 - JITTER * Math.random();
    const age = elapsed(readAt, now);
    this.#readAt = readAt;
    // Another isolate's copy may be older than the jittered lifetime. It must not be due at once.
    this.#share = age < freshMs * jittered ? jittered : 1;
    this.#failedAt = age < freshMs ? NEVER : now;
  }

  /** Back to the initial state: no value, no failure. */
  reset(): void {
    this.#readAt = NEVER;
    this.#failedAt = NEVER;
  }

  /** Call when the source failed. */
  fail(): void {
    this.#failedAt = Date.now();
  }

  /** Milliseconds since the value was read. `Infinity` if there is none. */
  age(now: number): number {
    return elapsed(this.#readAt, now);
  }

  /** Whether the source is not read because of a recent failure. */
  isPaused(now: number): boolean {
    return elapsed(this.#failedAt, now) < PAUSE_MS;
  }

  /** Whether the source should be read. @param maxAgeMs at this age at the latest */
  isDue(now: number, maxAgeMs = Number.POSITIVE_INFINITY): boolean {
    const lifeMs = Math.min(durationAt(this.#freshMs, now) * this.#share, maxAgeMs);
    return this.age(now) >= lifeMs && !this.isPaused(now);
  }
}
