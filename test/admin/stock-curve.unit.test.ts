// The free units over time that the console draws.
import { expect, test } from "vitest";
import { stockCurve } from "../../src/admin/stock-curve.ts";

test("keeps the units between two changes, and says nothing before the first one", () => {
  expect(stockCurve([{ total: 7, points: [null, 9, null, 7] }])).toEqual([null, 9, 9, 7]);
});

test("adds up the lanes, once each of them is known", () => {
  const root = { total: 5, points: [8, null, 5] };
  const lane = { total: 3, points: [null, 4, 3] };
  expect(stockCurve([root, lane])).toEqual([null, 12, 8]);
});

test("counts a lane whose units did not change, such as one that no longer sells", () => {
  const root = { total: 5, points: [8, null, 5] };
  const quiet = { total: 2, points: [null, null, null] };
  const ended = { total: 0, points: [null, null, null] };
  expect(stockCurve([root, quiet, ended])).toEqual([10, 10, 7]);
});

test("is empty while no object has said anything", () => {
  expect(stockCurve([])).toEqual([]);
});
