// When to send a request again, and what a refusal says about earlier tries. Pure.

/** Requests for one call, the first one included. */
export const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
/** A longer Retry-After ends the call: whoever called it decides whether to wait. */
export const LONGEST_WAIT_SECONDS = 60;
/** Waits that the server names are spread over this share more, so that the refused do not return together. */
const SPREAD = 0.25;
const LEAST_SPREAD_MS = 500;

/** How a try ended without an answer that counts. `status` 0: nothing usable arrived. */
export interface Failure {
  status: number;
  code?: string | undefined;
  /** Whether an operator's switch refuses, which is final although its status is 503. */
  isStopped?: boolean;
  /** 0: none was named. */
  retryAfterSeconds: number;
}

/** Whether the request may have been carried out although it failed. */
export const isUnknown = ({ status, isStopped }: Pick<Failure, "status" | "isStopped">): boolean =>
  status === 0 || (status >= 500 && !isStopped);

/** Refusals that come before the server looks for what an earlier try did. */
const BEFORE_LOOK_UP: readonly number[] = [401, 403, 404, 429];
/** Those of them that a repeat under the same key gets only after that look. */
const AFTER_LOOK_UP: readonly (string | undefined)[] = [
  "challenge_required",
  "ticket_required",
  "not_admitted_yet",
  "sale_not_open",
  "sale_paused",
];

/** Whether a refusal also says that no earlier try was carried out. */
export const isAnswer = (failure: Omit<Failure, "retryAfterSeconds">): boolean =>
  !isUnknown(failure) &&
  (!BEFORE_LOOK_UP.includes(failure.status) || AFTER_LOOK_UP.includes(failure.code));

/**
 * Milliseconds until the next try. Undefined if there is none: the refusal is final, all tries are used, or the server asks
 * for a longer wait than `LONGEST_WAIT_SECONDS`. Never sooner than the server asks.
 *
 * @param tries how many tries have failed, from 1
 * @param random in [0, 1)
 */
export function pauseBefore(failure: Failure, tries: number, random: number): number | undefined {
  const { status, retryAfterSeconds } = failure;
  if (!isUnknown(failure) && status !== 429) return undefined;
  if (tries >= MAX_TRIES || retryAfterSeconds > LONGEST_WAIT_SECONDS) return undefined;
  if (retryAfterSeconds > 0) return asAsked(retryAfterSeconds, random);
  const backoff = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_BACKOFF_MS);
  return backoff / 2 + (random * backoff) / 2;
}

/** Milliseconds of a wait that the server asks for, or a little more. */
export function asAsked(retryAfterSeconds: number, random: number): number {
  const asked = retryAfterSeconds * 1_000;
  return asked + random * Math.max(LEAST_SPREAD_MS, asked * SPREAD);
}
