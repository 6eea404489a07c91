// Ends a call at its time limit. The timer ends with the call, unlike that of `AbortSignal.timeout`: a Durable Object with a
// timer stays awake, which is billed.

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
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`timed out after ${limitMs} ms`, "TimeoutError"));
  }, limitMs);
  try {
    return await call(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
