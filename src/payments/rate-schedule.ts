// When the next payment step may start. Pure, with a clock given by the caller. Starts are spread evenly, and no second
// has more of them than the rate. A rate limit of the provider halves the rate, which then recovers within half a minute.

/** The window of the provider's limits. */
const WINDOW_MS = 1_000;
/** Least spacing of two starts, as a part of the even spacing. Below 1, so that the time lost by late timers is made up. */
const LEAST_SPACING = 0.8;
/** The rate never falls below this many starts per second, or nothing would find out that the limit is over. */
const LEAST_RATE = 1;
/** How long the full rate takes to come back from nothing. */
const RECOVERY_MS = 30_000;
/** Calls that were already running when the rate was cut fail as well. They do not cut it again. */
const ONE_CUT_MS = 2_000;

export class RateSchedule {
  readonly #fullRate: number;
  /** The most recent starts, oldest first. Milliseconds. */
  #starts: number[] = [];
  #cut: { at: number; rate: number } | undefined;

  /** @param fullRate starts per second, at least 1 */
  constructor(fullRate: number) {
    this.#fullRate = Math.max(LEAST_RATE, fullRate);
  }

  /** Starts per second that are allowed now. */
  rate(now: number): number {
    if (!this.#cut) return this.#fullRate;
    const recovered = (this.#fullRate * Math.max(0, now - this.#cut.at)) / RECOVERY_MS;
    return Math.min(this.#fullRate, this.#cut.rate + recovered);
  }

  /** Milliseconds until the next start is allowed. 0: now. */
  delay(now: number): number {
    const rate = this.rate(now);
    this.#adjustTo(now);
    const last = this.#starts.at(-1);
    if (last === undefined) return 0;
    const spaced = last + (LEAST_SPACING * WINDOW_MS) / rate;
    const oldest = this.#starts.at(-Math.floor(rate));
    const windowed = oldest === undefined ? now : oldest + WINDOW_MS;
    return Math.max(0, spaced - now, windowed - now);
  }

  /** Records a start. */
  start(now: number): void {
    this.#starts.push(now);
    if (this.#starts.length > this.#fullRate) this.#starts.shift();
  }

  /** The provider refused a call because there were too many. */
  limited(now: number): void {
    if (this.#cut && Math.abs(now - this.#cut.at) < ONE_CUT_MS) return;
    this.#cut = { at: now, rate: Math.max(LEAST_RATE, this.rate(now) / 2) };
  }

  /** A clock that was set back must not stop the starts. Starts in the future count as made now. */
  #adjustTo(now: number): void {
    const last = this.#starts.at(-1) ?? now;
    if (last > now) this.#starts = this.#starts.map((start) => Math.min(start, now));
    if (this.#cut && this.#cut.at > now) this.#cut = { ...this.#cut, at: now };
  }
}
