// Waiting that an AbortSignal ends. `AbortSignal.any` and `AbortSignal.timeout` are missing in Safari 15 and React Native.

/** Options of every call. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

/** The reason of an aborted signal. */
export const reasonOf = (signal: AbortSignal): unknown =>
  signal.reason ?? Object.assign(new Error("The call was aborted"), { name: "AbortError" });

/** Resolves after `ms`. @throws the reason of the signal, as soon as it is aborted */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    const stop = () => {
      end();
      reject(reasonOf(signal as AbortSignal));
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop);
  });
}

/**
 * What `value` becomes, also if its maker ignores every signal.
 * @throws an error after `ms`, or the reason of the signal as soon as it is aborted
 */
export async function within<Value>(
  ms: number,
  value: Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  const over = new AbortController();
  const stop = () => over.abort();
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop);
  const late = pause(ms, over.signal).then(() => {
    throw new Error(`Nothing came within ${ms} ms`);
  });
  try {
    return await Promise.race([value, late]);
  } catch (error) {
    if (signal?.aborted) throw reasonOf(signal);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}
