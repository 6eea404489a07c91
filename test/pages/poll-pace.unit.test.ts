// When a page asks for the live stock again.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isForgotten, pauseMs } from "../../src/pages/browser/poll-pace.ts";

test("a tab is forgotten once nobody moved for five minutes", () => {
  expect([300_000, 300_001].map(isForgotten)).toEqual([false, true]);
});

test("a pause is never shorter than the pace, nor than the server asked for, and a minute for a forgotten tab", () => {
  const intervals = fc.integer({ min: 1_000, max: 60_000 });
  fc.assert(
    fc.property(
      intervals,
      fc.nat(30),
      fc.boolean(),
      fc.nat(600),
      (every, failures, lost, asked) => {
        const pause = pauseMs(every, failures, lost, asked);
        expect(pause).toBeGreaterThanOrEqual(every);
        expect(pause).toBeGreaterThanOrEqual(asked * 2_000);
        if (lost) expect(pause).toBeGreaterThanOrEqual(60_000);
        if (asked === 0) expect(pause).toBeLessThanOrEqual(60_000);
        expect(pause).toBeLessThanOrEqual(pauseMs(every, failures + 1, lost, asked));
      },
    ),
  );
});
