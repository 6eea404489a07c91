// The estimate of when a SKU sells out.
import fc from "fast-check";
import { expect, test } from "vitest";
import { secondsToSellOut } from "../../src/admin/sell-out.ts";

test("goes on at the pace of the points", () => {
  expect(secondsToSellOut([100, 90, 80], 5)).toBe(40);
  expect(secondsToSellOut([null, 100, null, 80], 5)).toBe(40);
});

test("is not slowed down by units that came back", () => {
  expect(secondsToSellOut([100, 90, 140, 130], 5)).toBe(98);
});

test("is unknown while hardly anything sells, and zero when nothing is free", () => {
  for (const points of [[], [null], [50], [50, 50, 50], [50, 49, 48]]) {
    expect(secondsToSellOut(points, 5)).toBeNull();
  }
  expect(secondsToSellOut([5, 0], 5)).toBe(0);
  expect(secondsToSellOut([0], 5)).toBe(0);
});

test("is a whole number of seconds or unknown, whatever the points", () => {
  const points = fc.array(fc.option(fc.nat(1_000_000)), { maxLength: 200 });
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 60 }), (units, step) => {
      const seconds = secondsToSellOut(units, step);
      expect(seconds === null || (Number.isInteger(seconds) && seconds >= 0)).toBe(true);
    }),
  );
});
