// An estimate of the server's clock; the visitor's may be wrong by minutes. A timestamp from the server is always in
// the past when it arrives, so it is a lower bound, and the highest bound is the best estimate. Shortly before an
// opening, clock-sync.ts measures the time more precisely.

let offset: number | undefined;
const listeners = new Set<() => void>();

/** Milliseconds since 1970 on the server, or slightly less: it errs late, so a press is never too early. */
export const serverNow = (): number =>
  offset === undefined ? Date.now() : performance.now() + offset;

/** False until the first response, and again after device sleep. */
export const isClockKnown = (): boolean => offset !== undefined;

/** Raises the estimate to a past moment of the server's clock, if it is behind. */
export function observe(serverTime: number): void {
  if (Number.isNaN(serverTime)) return;
  const bound = serverTime - performance.now();
  if (offset !== undefined && bound <= offset) return;
  setOffset(bound);
}

/** Sets the measured offset: server time minus `performance.now()`. */
export function setOffset(measured: number | undefined): void {
  if (measured === undefined || measured === offset) return;
  offset = measured;
  for (const listener of listeners) listener();
}

/** Discards the estimate, which the server contradicted, and starts again from this time. */
export function correct(serverTime: number): void {
  offset = undefined;
  observe(serverTime);
}

/**
 * Observes the `Date` of a response. `Age` is not added: with a cache that sends a current `Date`, the result would be
 * in the future.
 */
export const observeHeaders = (headers: Headers): void =>
  observe(Date.parse(headers.get("date") ?? ""));

export const onClockChange = (listener: () => void): void => void listeners.add(listener);

/** `performance.now()` may stand still while a device sleeps; `Date.now()` then runs ahead of it. */
const SLEEP_MS = 2_000;
const lead = (): number => Date.now() - performance.now();
let usualLead = lead();

/** Whether the device slept since the last call. If so, the estimate is discarded. */
export function hasSlept(): boolean {
  const slept = lead() - usualLead > SLEEP_MS;
  usualLead = lead();
  if (slept) offset = undefined;
  return slept;
}
