// When the sale of a scene is open.
const HOUR_MS = 3_600_000;

export function hours(from: number, to: number): { opensAt: string; closesAt: string } {
  return { opensAt: new Date(from).toISOString(), closesAt: new Date(to).toISOString() };
}

/** Open since an hour ago, for another hour. */
export const openNow = (now: number) => hours(now - HOUR_MS, now + HOUR_MS);
