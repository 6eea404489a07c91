// Opening hours for the sales of scenarios.
const HOUR_MS = 3_600_000;

/** `from` and `to`: milliseconds since 1970. */
export function hours(from: number, to: number): { opensAt: string; closesAt: string } {
  return { opensAt: new Date(from).toISOString(), closesAt: new Date(to).toISOString() };
}

/** Opened an hour ago, closes in an hour. */
export const openNow = (now: number) => hours(now - HOUR_MS, now + HOUR_MS);
