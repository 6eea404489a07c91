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
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      reject(reasonOf(signal as AbortSignal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop);
  });
}
