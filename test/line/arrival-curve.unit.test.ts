// The curve of arrivals: how many people are in front of a place, and which place a number of people reaches.
import fc from "fast-check";
import { expect, test } from "vitest";
import { curveOf } from "../../src/line/arrival-curve.ts";
import { ArrivalSample } from "../../src/line/arrival-sample.ts";

const CLOSE = 1_000_000;

const sampleOf = (times: number[], level = 0) =>
  new ArrivalSample({ level, entries: times.map((at, hash) => [hash, at]) });

test("spreads early people over the places below 1, and later ones by the second of their arrival", () => {
  const curve = curveOf(sampleOf([1, 2, 3, CLOSE - 1, CLOSE, CLOSE + 1_999]), CLOSE);
  expect(curve.published()).toEqual([
    [0, 0],
    [1, 4],
    [1.001, 5],
    [3, 6],
  ]);
  expect(curve.peopleUpTo(0.5)).toBe(2);
  expect(curve.placeOf(2)).toBe(0.5);
  expect(curve.placeOf(6)).toBe(3);
  expect(curve.peopleUpTo(99)).toBe(6);
});

test("counts each sampled person for all that they stand for", () => {
  const curve = curveOf(sampleOf([1, CLOSE + 999], 3), CLOSE);
  expect(curve.published()).toEqual([
    [0, 0],
    [1, 8],
    [2, 16],
  ]);
  expect(curve.people).toBe(16);
});

test("is empty without arrivals", () => {
  const curve = curveOf(sampleOf([]), CLOSE);
  expect([curve.people, curve.peopleUpTo(5), curve.placeOf(0)]).toEqual([0, 0, 0]);
});

test("publishes rising places only, at most 100, with the last one", () => {
  const times = fc.array(fc.integer({ min: CLOSE - 500, max: CLOSE + 2_000 }), {
    maxLength: 2_000,
  });
  fc.assert(
    fc.property(times, (arrivals) => {
      const curve = curveOf(sampleOf(arrivals), CLOSE);
      const points = curve.published();
      expect(points.length).toBeLessThanOrEqual(100);
      expect(points.at(-1)?.[1]).toBe(curve.people);
      for (const [index, [place, people]] of points.entries()) {
        const [placeBefore, peopleBefore] = points[index - 1] ?? [-1, 0];
        expect(place).toBeGreaterThan(placeBefore);
        expect(people).toBeGreaterThanOrEqual(peopleBefore);
      }
    }),
  );
});

test("finds the place that a number of people reaches", () => {
  const people = fc.array(fc.integer({ min: CLOSE - 500, max: CLOSE + 500 }), { minLength: 1 });
  fc.assert(
    fc.property(people, fc.double({ min: 0, max: 1, noNaN: true }), (arrivals, share) => {
      const curve = curveOf(sampleOf(arrivals), CLOSE);
      const wanted = share * curve.people;
      expect(curve.peopleUpTo(curve.placeOf(wanted))).toBeCloseTo(wanted, 6);
    }),
  );
});
