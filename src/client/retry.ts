// When to send a request again. Pure.

/** Requests for one call, the first one included. */
export const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
/** A longer Retry-After ends the call: whoever called it decides whether to wait. */
export const LONGEST_WAIT_SECONDS = 60;
/** Waits that the server names are spread over this share more, so that the refused do not return together. */
const SPREAD = 0.25;
const LEAST_SPREAD_MS = 500;

/** How a try ended without an answer that counts. `status` 0: nothing arrived. */
export interface Failure {
  status: number;
  code?: string | undefined;
  /** 0: none was named. */
  retryAfterSeconds: number;
}

/** Whether the request may have been carried out although it failed. */
export const isUnknown = ({ status }: Pick<Failure, "status">): boolean =>
  status === 0 || status >= 500;

/**
 * Milliseconds until the next try. Undefined if there is none: the refusal is final, all tries are used, or the server asks
 * for a longer wait than `LONGEST_WAIT_SECONDS`. Never sooner than the server asks.
 *
 * @param tries how many tries have failed, from 1
 * @param random in [0, 1)
 */
export function pauseBefore(failure: Failure, tries: number, random: number): number | undefined {
  const { status, code, retryAfterSeconds } = failure;
  const isForNow = status === 429 || code === "not_admitted_yet";
  if (!isUnknown(failure) && !isForNow) return undefined;
  if (tries >= MAX_TRIES || retryAfterSeconds > LONGEST_WAIT_SECONDS) return undefined;
  if (retryAfterSeconds > 0) {
    const asked = retryAfterSeconds * 1_000;
    return asked + random * Math.max(LEAST_SPREAD_MS, asked * SPREAD);
  }
  const backoff = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_BACKOFF_MS);
  return backoff / 2 + (random * backoff) / 2;
}
