// Detects that the visitor returns: to the tab, with the back button, or when the device wakes up. The page may be
// stale by then.
import { hasSlept } from "./server-clock.ts";

const CHECK_MS = 1_000;
const listeners: ((slept: boolean) => void)[] = [];

/** `slept`: the device slept, so the server time is unknown until the next response. */
export const onReturn = (listener: (slept: boolean) => void): void => void listeners.push(listener);

function notifyReturn(): void {
  const slept = hasSlept();
  for (const listener of listeners) listener(slept);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) notifyReturn();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) notifyReturn();
});
// Opening a laptop lid over a page that was never hidden fires no event, so poll.
setInterval(() => {
  if (!document.hidden && hasSlept()) for (const listener of listeners) listener(true);
}, CHECK_MS);
