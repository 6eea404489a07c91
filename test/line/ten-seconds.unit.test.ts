// The bound on the people admitted in any ten seconds holds for both ends of the ten seconds.
import { expect, test } from "vitest";
import { ArrivalCurve } from "../../src/line/arrival-curve.ts";
import { decideFrontier, INITIAL } from "../../src/line/decide-frontier.ts";

const CLOSE = 1_000_000_000;
const RATE = 50;
const curve = new ArrivalCurve([
  [0, 0],
  [1, 100_000],
]);

test("six ticks of two seconds each admit at most eleven seconds' worth of people", () => {
  const input = {
    ...{ isMoving: true, ratePerSecond: RATE, curve, closesAt: CLOSE },
    ...{ free: 1_000_000, perPerson: 1 },
  };
  let state = { ...INITIAL, lastAt: CLOSE };
  for (let tick = 1; tick <= 6; tick += 1) {
    state = decideFrontier(state, input, CLOSE + 2_000 * tick) as typeof state;
  }
  expect(state.admitted).toBeCloseTo(11 * RATE);
});
