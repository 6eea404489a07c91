// Time differences on a clock that may be set back.

/**
 * Milliseconds from `then` to `now`. `Infinity` if `then` is in the future: the clock was set back, so the time counts
 * as expired. A pause ends early or a copy is read again, but nothing waits or lives forever.
 */
export const elapsed = (then: number, now = Date.now()): number =>
  now >= then ? now - then : Number.POSITIVE_INFINITY;
