// A line apart from its object: the stock as it reads it, and the history of its frontier.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUICKNET } from "../../src/admission/beacon-chain.ts";
import type { LineTerms } from "../../src/admission/client.ts";
import { type FrontierStep, roundTime } from "../../src/admission/draw.ts";
import { nextLink } from "../../src/admission/history.ts";
import { ArrivalCurve } from "../../src/line/arrival-curve.ts";
import { configureLine, type Line, tick, withBeacon } from "../../src/line/line.ts";
import { readingOf } from "../../src/line/stock-reading.ts";

const OPENING = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const SKU = { id: "sku", stock: 10, isFree: false, perUserLimit: 1 };
const TERMS: LineTerms = {
  mode: "queue",
  ratePerSecond: 10,
  opensAt: OPENING,
  closesAt: OPENING + DAY_MS,
  registrationOpensAt: OPENING - 1_000,
  registrationClosesAt: OPENING,
  skus: [SKU],
};
const PLENTY = { free: 1_000_000, taken: 0, left: 1_000_000, mayReturn: false, isSoldOut: false };

/** A line whose beacon is known. */
function aLine(): Line {
  const origin = { seed: "ab".repeat(32), chain: QUICKNET };
  const line = configureLine(null, { saleId: "sale", terms: TERMS }, origin, OPENING - 500) as Line;
  return withBeacon(line, { round: line.round, randomness: "cd".repeat(32), signature: "ef" });
}

const drawnAt = roundTime(QUICKNET, aLine().round);
const crowd = new ArrivalCurve([
  [0, 0],
  [1, 100_000_000],
]);

/** The steps of the history after ticks at these times. */
function historyOf(times: number[]): { steps: FrontierStep[]; line: Line } {
  const steps: FrontierStep[] = [];
  let line = aLine();
  for (const time of times) {
    const ticked = tick(line, crowd, PLENTY, time);
    line = ticked.line;
    if (ticked.step) steps.push(ticked.step);
  }
  return { steps, line };
}

describe("the history", () => {
  test("has some thousands of steps after a day of ticks", () => {
    const seconds = DAY_MS / 1_000 - 60;
    const { steps } = historyOf(Array.from({ length: seconds }, (_, s) => drawnAt + s * 1_000));
    expect(steps.length).toBeGreaterThan(1_000);
    expect(steps.length).toBeLessThan(6_000);
  });

  test("goes forward in time and place, and is chained, however the clock jumps", () => {
    const gaps = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 3_000 }),
        fc.constantFrom(-DAY_MS, -5_000, 5_000, DAY_MS / 2),
      ),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(gaps, (jumps) => {
        let now = drawnAt;
        const { steps, line } = historyOf(jumps.map((gap) => (now += gap)));
        let hash = aLine().history.hash;
        for (const [index, [at, frontier]] of steps.entries()) {
          const [before, place] = steps[index - 1] ?? [drawnAt - 1, 0];
          expect(at).toBeGreaterThan(before);
          expect(frontier).toBeGreaterThan(place);
          hash = nextLink(hash, [at, frontier]);
        }
        expect(line.history.hash).toBe(hash);
      }),
    );
  });
});

test("a known beacon is never replaced, and another round decides nothing", () => {
  const line = aLine();
  const other = { round: line.round, randomness: "00".repeat(32), signature: "00" };
  expect(withBeacon(line, other)).toBe(line);
  const waiting = { ...line, beacon: null };
  expect(withBeacon(waiting, { ...other, round: line.round + 1 })).toBe(waiting);
});

describe("the stock", () => {
  const reading = (available: number, held: number, sku = SKU) =>
    readingOf([sku], new Map([[sku.id, { available, held }]]));

  test("is taken by held and sold units", () => {
    expect(reading(4, 1)).toEqual({
      ...{ free: 4, taken: 6, left: 5 },
      ...{ mayReturn: false, isSoldOut: false },
    });
  });

  test("may return while unpaid units are held, but not those of free orders", () => {
    expect(reading(0, 1)).toMatchObject({ mayReturn: true, isSoldOut: false });
    expect(reading(0, 1, { ...SKU, isFree: true })).toMatchObject({
      mayReturn: false,
      isSoldOut: true,
    });
    expect(reading(0, 0)).toMatchObject({ mayReturn: false, isSoldOut: true });
  });

  test("is free as long as any SKU is, and unknown if that of any SKU is", () => {
    const other = { ...SKU, id: "other" };
    const both = new Map([
      ["sku", { available: 0, held: 0 }],
      ["other", { available: 1, held: 0 }],
    ]);
    expect(readingOf([SKU, other], both)).toMatchObject({ free: 1, isSoldOut: false });
    expect(readingOf([SKU, other], new Map([["sku", { available: 3, held: 0 }]]))).toBeNull();
  });
});
