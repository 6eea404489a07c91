// A token bucket that one isolate keeps for itself: a burst at once, then one more each period.

export class TokenBucket {
  readonly #burst: number;
  readonly #everyMs: number;
  /** The time from which the next token may be taken, in milliseconds. The further back, the more there are. */
  #nextAt = 0;

  constructor({ burst, everyMs }: { burst: number; everyMs: number }) {
    this.#burst = burst;
    this.#everyMs = everyMs;
  }

  /** Takes a token and returns 0. Without one, returns the milliseconds until the next. */
  take(now: number): number {
    const full = now - (this.#burst - 1) * this.#everyMs;
    // A wait longer than a period began before the clock was set back.
    const isKnown = this.#nextAt <= now + this.#everyMs;
    const nextAt = isKnown ? Math.max(this.#nextAt, full) : full;
    if (nextAt > now) return nextAt - now;
    this.#nextAt = nextAt + this.#everyMs;
    return 0;
  }
}
