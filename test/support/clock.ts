// Lets a test control the clock of the whole isolate, including objects.
import { onTestFinished, vi } from "vitest";

/**
 * Stops the clock at `now` until the test moves it. Timers run normally. `vi.useFakeTimers` is not used, because it
 * makes `vi.waitUntil` advance the clock at each poll.
 */
export function givenClock(now: number): { moveTo(time: number): void } {
  vi.setSystemTime(now);
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { moveTo: (time) => void vi.setSystemTime(time) };
}
