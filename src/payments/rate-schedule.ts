// When the next payment step may start. Pure, with a clock given by the caller. Starts are spread evenly, late ones catch
// up, and no second has more of them than the rate. A rate limit of the provider cuts the rate, which then recovers.

/** The window of the provider's limits. */
const WINDOW_MS = 1_000;
/**
 * Starts that are late by up to this are made up at once, because timers fire late where much else happens. With more, starts
 * come in bunches, and two bunches that reach the provider within a second exceed its limit.
 */
const CATCH_UP_MS = 150;
/** The rate never falls below this many starts per second, or nothing would find out that the limit is over. */
const LEAST_RATE = 1;
/**
 * What a limit leaves of the rate: the factor of TCP CUBIC (RFC 9438). A single refused call, which a burst on the way may
 * cause, costs 1.4 seconds in all. A limit far below the rate is still found within seconds.
 */
const CUT_TO = 0.7;
/** How long the full rate takes to come back from nothing. */
const RECOVERY_MS = 30_000;
/** Calls that were already running when the rate was cut fail as well. They do not cut it again. */
const ONE_CUT_MS = 2_000;

export class RateSchedule {
  readonly #fullRate: number;
  /** The most recent starts, oldest first. Milliseconds. */
  #starts: number[] = [];
  /** When the next start is due if all are spread evenly. Milliseconds. */
  #next = Number.NEGATIVE_INFINITY;
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
    this.#adjustTo(now);
    return Math.max(0, this.#next - now, this.#windowEnd(now) - now);
  }

  /** Nothing waited until now, so there is nothing to make up for. */
  idle(now: number): void {
    this.#next = Math.max(this.#next, now);
  }

  /** Records a start. */
  start(now: number): void {
    // A wait for the window is no delay to make up for.
    const due = Math.max(this.#next, this.#windowEnd(now), now - CATCH_UP_MS);
    this.#next = due + WINDOW_MS / this.rate(now);
    this.#starts.push(now);
    if (this.#starts.length > this.#fullRate) this.#starts.shift();
  }

  /** The provider refused a call because there were too many. */
  limited(now: number): void {
    if (this.#cut && Math.abs(now - this.#cut.at) < ONE_CUT_MS) return;
    this.#cut = { at: now, rate: Math.max(LEAST_RATE, CUT_TO * this.rate(now)) };
    this.#next = Math.max(this.#next, now);
  }

  /** When the last second has fewer starts than the rate. In the past if it does already. */
  #windowEnd(now: number): number {
    const oldest = this.#starts.at(-Math.floor(this.rate(now)));
    return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + WINDOW_MS;
  }

  /** A clock that was set back must not stop the starts. Starts in the future count as made now. */
  #adjustTo(now: number): void {
    const last = this.#starts.at(-1) ?? now;
    if (last > now) {
      this.#next = now;
      this.#starts = this.#starts.map((start) => Math.min(start, now));
    }
    if (this.#cut && this.#cut.at > now) this.#cut = { ...this.#cut, at: now };
  }
}
