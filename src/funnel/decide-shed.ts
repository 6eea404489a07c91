// Which share of the attempts is refused for an object that is overloaded or slow, and when the refused may come again. Pure.

/** A slower answer counts as overload: requests wait in the object's queue for seconds. */
export const SLOW_MS = 3_000;
const STEP_UP = 0.1;
const MAX_SHARE = 0.9;
/** Half-life of the share. Even the maximum falls below 1% within half a minute of the last overload. */
export const HALF_LIFE_MS = 4_000;
const MIN_RETRY_SECONDS = 2;
const RETRY_SPREAD_SECONDS = 8;

/** The share that was refused at that time (milliseconds). */
export interface Shed {
  share: number;
  at: number;
}

/** The share of attempts to refuse at `now`, from 0 to 0.9. */
export const shareAt = ({ share, at }: Shed, now: number): number =>
  share * 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);

/** The state of an object after one answer. Undefined if it needs no memory. */
export function nextShed(
  known: Shed | undefined,
  sign: "overloaded" | "fine",
  now: number,
): Shed | undefined {
  const share = known ? shareAt(known, now) : 0;
  if (sign === "overloaded") return { share: Math.min(MAX_SHARE, share + STEP_UP), at: now };
  return share < 0.01 ? undefined : known;
}

/** A random delay for `Retry-After`, in seconds, so refused attempts do not all return at once. */
export const randomRetrySeconds = (random = Math.random()): number =>
  MIN_RETRY_SECONDS + Math.floor(random * RETRY_SPREAD_SECONDS);
