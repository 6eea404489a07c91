// The browser's estimate of the server clock: never ahead of the server, even behind caches, and discarded
// after the device sleeps.
import { afterEach, expect, test, vi } from "vitest";
import {
  correct,
  hasSlept,
  isClockKnown,
  observe,
  observeHeaders,
  serverNow,
} from "../../src/pages/browser/server-clock.ts";

const SECOND = 1_000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Mocks the visitor's wall clock and monotonic clock. */
function clocks(now: number) {
  const date = vi.spyOn(Date, "now").mockReturnValue(now);
  const monotonic = vi.spyOn(performance, "now").mockReturnValue(0);
  return {
    /** Advances both clocks, or only the wall clock, as during sleep. */
    pass(ms: number, slept = false) {
      date.mockReturnValue(Date.now() + ms);
      if (!slept) monotonic.mockReturnValue(performance.now() + ms);
    },
  };
}

test("uses the latest server timestamp and ignores older ones", () => {
  const { pass } = clocks(5 * SECOND);
  correct(100 * SECOND);
  observe(90 * SECOND);
  pass(2 * SECOND);
  expect(serverNow()).toBe(102 * SECOND);
});

test("does not run ahead when a cache sends a current Date together with an Age", () => {
  clocks(0);
  correct(Date.UTC(2027, 0, 1));
  const at = Date.UTC(2027, 0, 1, 12);
  observeHeaders(new Headers({ date: new Date(at).toUTCString(), age: "3600" }));
  expect(serverNow()).toBe(at);
});

test("ignores a response without a Date header", () => {
  clocks(0);
  correct(7 * SECOND);
  observeHeaders(new Headers());
  expect(serverNow()).toBe(7 * SECOND);
});

test("discards the server time after sleep until the next response", () => {
  const { pass } = clocks(1_000 * SECOND);
  hasSlept();
  correct(100 * SECOND);
  pass(60 * SECOND);
  expect([hasSlept(), isClockKnown()]).toEqual([false, true]);
  pass(3_600 * SECOND, true);
  expect([hasSlept(), isClockKnown()]).toEqual([true, false]);
  observe(3_760 * SECOND);
  expect([isClockKnown(), serverNow()]).toEqual([true, 3_760 * SECOND]);
});
