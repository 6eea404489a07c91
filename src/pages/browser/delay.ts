// Ways to wait: for a time, for the network, for the page to become visible.

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** A random delay below `ms`: spreads what many browsers would otherwise do at the same moment. */
export const jitter = (ms: number): number => Math.random() * ms;

/** Waits for `ms`, or until the browser comes back online. */
export function pauseOrOnline(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

/** After this long, a page counts as idle even if it never is. */
const BUSY_MS = 1_000;

/** Waits until the browser has nothing else to do: for scripts without which the page works. Safari does not say when. */
export const untilIdle = (): Promise<unknown> =>
  new Promise((resolve) =>
    "requestIdleCallback" in window
      ? requestIdleCallback(resolve, { timeout: BUSY_MS })
      : setTimeout(resolve),
  );

/** Waits until the page is visible: a hidden page sends no requests. */
export function untilVisible(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}
