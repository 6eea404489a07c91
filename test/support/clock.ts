// The clock of the whole isolate, objects included, in the hands of a test.
import { onTestFinished, vi } from "vitest";

/**
 * Given a clock that stands still at `now` until the test moves it; timers run as usual. Without
 * `vi.useFakeTimers`, which makes `vi.waitUntil` move the clock at each look.
 */
export function givenClock(now: number): { moveTo(time: number): void } {
  vi.setSystemTime(now);
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { moveTo: (time) => void vi.setSystemTime(time) };
}
