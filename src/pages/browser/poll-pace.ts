// When a page asks for the live stock again. Pure. Times are milliseconds.

const LONGEST_PAUSE_MS = 60_000;
/** So long after the visitor's last move, a tab counts as forgotten. */
const FORGOTTEN_MS = 300_000;

export const isForgotten = (idleMs: number): boolean => idleMs > FORGOTTEN_MS;

/**
 * The pause after an answer, before jitter: twice as long with each failure in a row, and a minute for a forgotten tab.
 *
 * @param intervalMs the pace without failures
 * @param retryAfter what the answer asked for, in seconds
 */
export const pauseMs = (intervalMs: number, failures: number, lost: boolean, retryAfter: number) =>
  Math.max(
    lost ? LONGEST_PAUSE_MS : Math.min(intervalMs * 2 ** failures, LONGEST_PAUSE_MS),
    retryAfter * 2_000,
  );
