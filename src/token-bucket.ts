// A token bucket in the memory of one isolate: `burst` tokens at once, then one more per `everyMs`.

export class TokenBucket {
  readonly #burst: number;
  readonly #everyMs: number;
  /** When the next token is available, in milliseconds since 1970. Each period in the past is one more token. */
  #nextAt = 0;

  constructor({ burst, everyMs }: { burst: number; everyMs: number }) {
    this.#burst = burst;
    this.#everyMs = everyMs;
  }

  /** Takes a token and returns 0. If there is none, returns the milliseconds until the next one. */
  take(now: number): number {
    const full = now - (this.#burst - 1) * this.#everyMs;
    // A wait longer than one period means that the clock was set back. The bucket then starts full.
    const isPlausible = this.#nextAt <= now + this.#everyMs;
    const nextAt = isPlausible ? Math.max(this.#nextAt, full) : full;
    if (nextAt > now) return nextAt - now;
    this.#nextAt = nextAt + this.#everyMs;
    return 0;
  }
}
