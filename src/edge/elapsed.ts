// How long ago something was, on a clock that may have been set back meanwhile.

/**
 * Milliseconds from `then` to `now`. `Infinity` when `then` lies ahead: the clock was set back, so whatever was
 * measured on it has expired. A pause ends early and a copy is read again, but nothing waits or lives forever.
 */
export const elapsed = (then: number, now = Date.now()): number =>
  now >= then ? now - then : Number.POSITIVE_INFINITY;
