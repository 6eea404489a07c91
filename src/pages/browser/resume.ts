// The visitor comes back: to the tab, with the back button, or because the device wakes up. What the page
// shows may be old by then.
import { hasSlept } from "./server-clock.ts";

const CHECK_MS = 1_000;
const listeners: ((slept: boolean) => void)[] = [];

/** `slept`: our idea of the time is lost, until the server is heard again. */
export const onReturn = (listener: (slept: boolean) => void): void => void listeners.push(listener);

function comeBack(): void {
  const slept = hasSlept();
  for (const listener of listeners) listener(slept);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) comeBack();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) comeBack();
});
// A lid that opens over a page that was never hidden makes no event.
setInterval(() => {
  if (!document.hidden && hasSlept()) for (const listener of listeners) listener(true);
}, CHECK_MS);
