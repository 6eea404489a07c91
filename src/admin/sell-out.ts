// Estimates when a SKU sells out. Pure.

/** Fewer taken units than this say nothing about the pace. */
const MIN_TAKEN = 3;

/**
 * Seconds until the free units are gone, if they go on as in the points. Null if too few were taken to tell. Units that came
 * back, by a restock or an expired hold, do not slow the pace down.
 *
 * @param points free units at the end of each step, the oldest first; null where unknown
 */
export function secondsToSellOut(
  points: readonly (number | null)[],
  stepSeconds: number,
): number | null {
  const known = points.flatMap((units, step) => (units === null ? [] : [{ units, step }]));
  const [first, last] = [known.at(0), known.at(-1)];
  if (!first || !last) return null;
  let taken = 0;
  for (const [at, { units }] of known.entries()) {
    const before = known[at - 1]?.units ?? units;
    taken += Math.max(0, before - units);
  }
  if (last.units === 0) return 0;
  if (taken < MIN_TAKEN) return null;
  return Math.round((last.units * (last.step - first.step) * stepSeconds) / taken);
}
