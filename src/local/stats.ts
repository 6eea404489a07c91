// Percentiles and medians of measured values. Shared by rehearse and bench.

/** The nearest-rank percentile of `values`. `share` is 0 to 1. Returns 0 for an empty list. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The middle value, or the mean of the two middle values. Returns 0 for an empty list. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? 0;
  const high = sorted[Math.floor(middle)] ?? 0;
  return (low + high) / 2;
}

export type Interval = readonly [low: number, high: number];

/** The standard normal distribution has 95 % of its values within so many deviations. */
const DEVIATIONS = 1.96;

/**
 * Where the true median is with a confidence of 95 %, whatever the distribution: half of all samples are below it, so their number
 * is binomial, and the bounds are two of the values (W. J. Conover, Practical Nonparametric Statistics, 3.2).
 */
export function medianInterval(values: number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  const spread = (DEVIATIONS * Math.sqrt(count)) / 2;
  const low = Math.max(0, Math.floor(count / 2 - spread));
  const high = Math.min(count - 1, Math.ceil(count / 2 + spread));
  return [sorted[low] ?? 0, sorted[high] ?? 0];
}
