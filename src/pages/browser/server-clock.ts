// The server's clock. The visitor's may be wrong by minutes; the server's stamps never lie about the past:
// a stamp is older than the moment it arrives, so the latest bound seen is the best one. Shortly before an
// opening the time is measured, which is more exact.

let offset: number | undefined;
const listeners = new Set<() => void>();

/** Milliseconds since 1970 on the server, or a little less; a press is never too early by it. */
export const serverNow = (): number =>
  offset === undefined ? Date.now() : performance.now() + offset;

/** False until the server was heard, and again after a sleep. */
export const isClockKnown = (): boolean => offset !== undefined;

/** Learns from a moment that the server says has passed. */
export function observe(serverTime: number): void {
  if (Number.isNaN(serverTime)) return;
  const bound = serverTime - performance.now();
  if (offset !== undefined && bound <= offset) return;
  setOffset(bound);
}

/** The server's clock was measured: this much ahead of `performance.now()`. */
export function setOffset(measured: number | undefined): void {
  if (measured === undefined || measured === offset) return;
  offset = measured;
  for (const listener of listeners) listener();
}

/** The server contradicts what we believed: start again from what it says. */
export function correct(serverTime: number): void {
  offset = undefined;
  observe(serverTime);
}

/**
 * Every answer is a stamp. What a cache says of its `Age` is not added: one that puts the present into
 * `Date` would then speak of the future.
 */
export const observeHeaders = (headers: Headers): void =>
  observe(Date.parse(headers.get("date") ?? ""));

export const onClockChange = (listener: () => void): void => void listeners.add(listener);

/** `performance.now()` may stand still while a device sleeps; `Date.now()` then runs ahead of it. */
const SLEEP_MS = 2_000;
const lead = (): number => Date.now() - performance.now();
let usualLead = lead();

/** Whether the device slept since the last call. If so, nothing that is counted from before is true. */
export function hasSlept(): boolean {
  const slept = lead() - usualLead > SLEEP_MS;
  usualLead = lead();
  if (slept) offset = undefined;
  return slept;
}
