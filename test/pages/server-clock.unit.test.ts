// The server's clock in the browser: never ahead of the truth, whatever answers and caches say, and
// forgotten when the device slept.
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

/** A visitor's two clocks, set by hand. */
function clocks(now: number) {
  const date = vi.spyOn(Date, "now").mockReturnValue(now);
  const monotonic = vi.spyOn(performance, "now").mockReturnValue(0);
  return {
    /** Both go on, or only the wall clock does, as in sleep. */
    pass(ms: number, slept = false) {
      date.mockReturnValue(Date.now() + ms);
      if (!slept) monotonic.mockReturnValue(performance.now() + ms);
    },
  };
}

test("the latest stamp is the best bound; older ones change nothing", () => {
  const { pass } = clocks(5 * SECOND);
  correct(100 * SECOND);
  observe(90 * SECOND);
  pass(2 * SECOND);
  expect(serverNow()).toBe(102 * SECOND);
});

test("a cache that puts the present into Date and an Age beside it does not make it later", () => {
  clocks(0);
  correct(Date.UTC(2027, 0, 1));
  const at = Date.UTC(2027, 0, 1, 12);
  observeHeaders(new Headers({ date: new Date(at).toUTCString(), age: "3600" }));
  expect(serverNow()).toBe(at);
});

test("an answer without a date teaches nothing", () => {
  clocks(0);
  correct(7 * SECOND);
  observeHeaders(new Headers());
  expect(serverNow()).toBe(7 * SECOND);
});

test("after a sleep nothing is known until the server is heard", () => {
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
