// The stock of an item with lanes, as an edge adds it up from what the objects published at different moments.
import { expect, test } from "vitest";
import { acrossLanes, type EdgeStock } from "../../src/catalog/edge-stock.ts";

const stock = (available: number, fields: Partial<EdgeStock> = {}): EdgeStock => ({
  ...{ available, held: 0, buyers: undefined },
  ...fields,
});

const shown = (...lanes: [EdgeStock, ...EdgeStock[]]) => {
  const all = acrossLanes(lanes).map(({ available }) => available);
  expect(new Set(all).size).toBe(1);
  return all[0];
};

test("units that move between lanes show once, whichever of them published first", () => {
  // 100 units, of which 7 are sold at the root and 3 in the lane. The lane has just got 40.
  const root = {
    before: stock(93, { part: 93, isDry: false }),
    after: stock(53, { part: 93, isDry: false }),
  };
  const lane = { before: stock(0, { part: -3 }), after: stock(37, { part: -3 }) };
  for (const first of [root.before, root.after]) {
    for (const second of [lane.before, lane.after]) expect(shown(first, second)).toBe(90);
  }
});

test("the first lanes of an item show no unit twice before its first object has published again", () => {
  expect(shown(stock(90), stock(60, { part: -2 }))).toBe(88);
});

test("only the first object says that no unit is left", () => {
  expect(shown(stock(0, { part: 3, isDry: false }), stock(0, { part: -3 }))).toBe(1);
  expect(shown(stock(0, { part: 5, isDry: true }), stock(0, { part: -3 }))).toBe(0);
});

test("what an earlier release published still adds up", () => {
  expect(shown(stock(20, { isDry: false }), stock(30))).toBe(50);
  expect(shown(stock(20, { isDry: false, part: 50 }), stock(30))).toBe(50);
  expect(shown(stock(20, { isDry: false }), stock(30, { part: 0 }))).toBe(50);
  expect(shown(stock(20))).toBe(20);
});

test("held units are those of all lanes", () => {
  const lanes = acrossLanes([
    stock(5, { held: 2, part: 5, isDry: false }),
    stock(0, { held: 3, part: -3 }),
  ]);
  expect(lanes.map(({ held }) => held)).toEqual([5, 5]);
});
