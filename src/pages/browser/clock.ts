// The server's clock. The visitor's may be wrong by minutes; the server's stamps never lie about the past:
// a stamp is older than the moment it arrives, so the latest bound seen is the best one.

let offset: number | undefined;
const listeners = new Set<() => void>();

/** Milliseconds since 1970 on the server, or a little less: a sale is never opened too early. */
export const serverNow = (): number =>
  offset === undefined ? Date.now() : performance.now() + offset;

/** Learns from a moment that the server says has passed. */
export function observe(serverTime: number): void {
  if (Number.isNaN(serverTime)) return;
  const bound = serverTime - performance.now();
  if (offset !== undefined && bound <= offset) return;
  offset = bound;
  for (const listener of listeners) listener();
}

/** The server contradicts what we believed: start again from what it says. */
export function correct(serverTime: number): void {
  offset = undefined;
  observe(serverTime);
}

/** Every answer is a stamp: when it was made, plus the time it spent in caches. */
export function observeHeaders(headers: Headers): void {
  const date = headers.get("date");
  if (date) observe(Date.parse(date) + Number(headers.get("age") ?? 0) * 1_000);
}

export const onClockChange = (listener: () => void): void => void listeners.add(listener);
