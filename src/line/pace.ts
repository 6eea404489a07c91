// How fast the units of a sale are sold for good. From it follows when the line can be over at the soonest.

/** The measurements of the ticks. Plain data: the object stores it as JSON at each tick. */
export interface Pace {
  /** Units that are not sold for good, at the last tick. */
  left: number;
  /** Units per second: the most lately. */
  fastest: number;
}

/** Each of the last units can be sold at any moment, however slow the sale is. Units per second. */
const LEAST_PACE = 1;
/** So long a pace counts by half after the sale has slowed down. */
const HALF_LIFE_MS = 30_000;
/** Times between two ticks, at most those of an idle line. A wrong clock counts as one of them. */
const [LEAST_MS, MOST_MS] = [1_000, 5_000];

/**
 * The pace after a tick. Until there is a measurement, and after units came back on sale, it is `admitted`.
 *
 * @param left units that are not sold for good
 * @param admitted units per second that the line lets people take
 * @param elapsed milliseconds since the tick before
 */
export function measurePace(
  before: Pace | null,
  left: number,
  admitted: number,
  elapsed: number,
): Pace {
  if (!before || left > before.left) return { left, fastest: Math.max(LEAST_PACE, admitted) };
  const ms = Math.min(MOST_MS, Math.max(LEAST_MS, elapsed));
  const measured = (before.left - left) / (ms / 1_000);
  const lately = before.fastest * 0.5 ** (ms / HALF_LIFE_MS);
  return { left, fastest: Math.max(LEAST_PACE, measured, lately) };
}
