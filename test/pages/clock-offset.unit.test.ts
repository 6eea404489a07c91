// How exactly a page knows the server's time, whatever the ways of its questions.
import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetOf } from "../../src/pages/browser/clock-offset.ts";

const delay = fc.double({ min: 0, max: 10_000, noNaN: true });
const way = fc.record({
  sent: fc.double({ min: 0, max: 1e8, noNaN: true }),
  up: delay,
  down: delay,
});
const clock = fc.double({ min: -1e12, max: 2e12, noNaN: true });
/** Doubles of this size are exact to less than this. */
const ROUNDING_MS = 0.01;

test("the offset errs by half of the quickest round trip at most, whatever is asked in what order", () => {
  fc.assert(
    fc.property(fc.array(way, { minLength: 1, maxLength: 8 }), clock, (ways, offset) => {
      const samples = ways.map(({ sent, up, down }) => ({
        sent,
        received: sent + up + down,
        server: sent + up + offset,
      }));
      const quickest = Math.min(...ways.map(({ up, down }) => up + down));
      const error = Math.abs((offsetOf(samples) as number) - offset);
      expect(error).toBeLessThanOrEqual(quickest / 2 + ROUNDING_MS);
    }),
  );
});

test("a press at the moment the page takes for the opening never arrives before it", () => {
  fc.assert(
    fc.property(way, clock, ({ sent, up, down }, offset) => {
      const sample = { sent, received: sent + up + down, server: sent + up + offset };
      const ahead = (offsetOf([sample]) as number) - offset;
      expect(ahead).toBeLessThanOrEqual(up + ROUNDING_MS);
    }),
  );
});

test("without an answer nothing is known", () => {
  expect(offsetOf([])).toBeUndefined();
});
