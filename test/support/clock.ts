// The clock of the whole isolate, objects included, in the hands of a test.
import { onTestFinished, vi } from "vitest";

/** Given a clock that stands still at `now` until the test moves it; timers go on as they are. */
export function givenClock(now: number): { moveTo(time: number): void } {
  vi.useFakeTimers({ toFake: ["Date"], now });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { moveTo: (time) => void vi.setSystemTime(time) };
}
