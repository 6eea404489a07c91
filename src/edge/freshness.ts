// How old a held value is, and when its source should be read again.
import { elapsed } from "./elapsed.ts";

/** Spreads the refreshes of many isolates: a value stays fresh for up to this share of `freshMs` less. */
const JITTER = 0.25;
/** How long the source is left alone after a failure. */
const PAUSE_MS = 1_000;
const NEVER = Number.NEGATIVE_INFINITY;

/** The age of one held value, and the pause of its source. Times are milliseconds. */
export class Freshness {
  readonly #freshMs: number;
  #readAt = NEVER;
  /** How long this value stays fresh. */
  #lifeMs = 0;
  #failedAt = NEVER;

  /** @param freshMs up to this age a value is served as it is */
  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  /** A value read at `readAt` is held from now on. If it is no longer fresh, its source is failing. */
  hold(readAt: number): void {
    const age = elapsed(readAt);
    const jittered = this.#freshMs * (1 - JITTER * Math.random());
    this.#readAt = readAt;
    // Another isolate's copy may be past the jittered time already. Due at once, it would be read twice.
    this.#lifeMs = age < jittered ? jittered : this.#freshMs;
    this.#failedAt = age < this.#freshMs ? NEVER : Date.now();
  }

  /** Nothing is held, and nothing is known about the source. */
  reset(): void {
    this.#readAt = NEVER;
    this.#failedAt = NEVER;
  }

  /** The source has just failed. */
  fail(): void {
    this.#failedAt = Date.now();
  }

  /** Milliseconds since the value was read; `Infinity` without one. */
  age(now: number): number {
    return elapsed(this.#readAt, now);
  }

  /** Whether a recent failure keeps callers from the source. */
  isPaused(now: number): boolean {
    return elapsed(this.#failedAt, now) < PAUSE_MS;
  }

  /** Whether the source should be read. */
  isDue(now: number): boolean {
    return this.age(now) >= this.#lifeMs && !this.isPaused(now);
  }
}
