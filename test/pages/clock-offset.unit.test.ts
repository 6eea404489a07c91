// The accuracy of the browser's estimate of the server clock, for arbitrary network delays.
import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetOf } from "../../src/pages/browser/clock-offset.ts";

const delay = fc.double({ min: 0, max: 10_000, noNaN: true });
const trip = fc.record({
  sent: fc.double({ min: 0, max: 1e8, noNaN: true }),
  up: delay,
  down: delay,
});
const clock = fc.double({ min: -1e12, max: 2e12, noNaN: true });
/** Bound on the floating-point rounding error for values of this size. */
const ROUNDING_MS = 0.01;

test("estimates the offset to within half of the fastest round trip", () => {
  fc.assert(
    fc.property(fc.array(trip, { minLength: 1, maxLength: 8 }), clock, (trips, offset) => {
      const samples = trips.map(({ sent, up, down }) => ({
        sent,
        received: sent + up + down,
        server: sent + up + offset,
      }));
      const fastest = Math.min(...trips.map(({ up, down }) => up + down));
      const error = Math.abs((offsetOf(samples) as number) - offset);
      expect(error).toBeLessThanOrEqual(fastest / 2 + ROUNDING_MS);
    }),
  );
});

test("never lets a press at the estimated opening reach the server too early", () => {
  fc.assert(
    fc.property(trip, clock, ({ sent, up, down }, offset) => {
      const sample = { sent, received: sent + up + down, server: sent + up + offset };
      const ahead = (offsetOf([sample]) as number) - offset;
      expect(ahead).toBeLessThanOrEqual(up + ROUNDING_MS);
    }),
  );
});

test("returns no offset without a sample", () => {
  expect(offsetOf([])).toBeUndefined();
});
