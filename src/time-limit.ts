// Ends a call at its time limit. The timer ends with the call, unlike that of `AbortSignal.timeout`: a Durable Object with a
// timer stays awake, which is billed.

/** Runs a call for at most `limitMs` milliseconds. */
export type TimeLimit = <T>(
  limitMs: number,
  call: (signal?: AbortSignal) => Promise<T>,
) => Promise<T>;

const timeoutAfter = (limitMs: number): DOMException =>
  new DOMException(`timed out after ${limitMs} ms`, "TimeoutError");

/**
 * Runs `call`, and aborts its signal after `limitMs` milliseconds. What the call reads of a response must be read in it.
 *
 * @throws what `call` throws once its signal is aborted: for `fetch` the signal's reason, a `TimeoutError`
 */
export async function withTimeLimit<T>(
  limitMs: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(timeoutAfter(limitMs)), limitMs);
  try {
    return await call(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `call`, and stops waiting for it after `limitMs` milliseconds. The call itself goes on. Only for the requests of buyers,
 * whose calls the platform ends soon afterwards together with the request: a signal would cost a tenth of an order's CPU time.
 *
 * @throws a `TimeoutError`, or what `call` throws
 */
export async function stopWaiting<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(timeoutAfter(limitMs)), limitMs);
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}
