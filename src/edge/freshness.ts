// How old a held value is, and when its source should be read again.
import { elapsed } from "./elapsed.ts";

/** Spreads the refreshes of many isolates: the lifetime of a value is shortened by up to this share of `freshMs`. */
const JITTER = 0.25;
/** How long the source is not read after a failure. */
const PAUSE_MS = 1_000;
const NEVER = Number.NEGATIVE_INFINITY;

/** The age of one held value, and the pause of its source. Times are milliseconds. */
export class Freshness {
  readonly #freshMs: number;
  #readAt = NEVER;
  /** How long this value stays fresh. */
  #lifeMs = 0;
  #failedAt = NEVER;

  /** @param freshMs up to this age a value is served without a refresh */
  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  /** Call when a value read at `readAt` is stored. If it is not fresh any more, its source is failing. */
  hold(readAt: number): void {
    const age = elapsed(readAt);
    const jittered = this.#freshMs * (1 - JITTER * Math.random());
    this.#readAt = readAt;
    // Another isolate's copy may be older than the jittered lifetime. It must not be due at once.
    this.#lifeMs = age < jittered ? jittered : this.#freshMs;
    this.#failedAt = age < this.#freshMs ? NEVER : Date.now();
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

  /** Whether the source should be read. */
  isDue(now: number): boolean {
    return this.age(now) >= this.#lifeMs && !this.isPaused(now);
  }
}
