// The rate at which the frontier of a line moves: the operator's, kept within 10 percent, and never made up for.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideFrontier } from "../../src/line/decide-frontier.ts";
import { type FrontierState, INITIAL } from "../../src/line/frontier-state.ts";
import { CLOSE, crowd, EPSILON, given, stateAfter, ticks } from "./frontier.ts";

describe("the rate", () => {
  const steps = fc.array(fc.integer({ min: 500, max: 1_000 }), { minLength: 30, maxLength: 60 });

  /**
   * The largest and the smallest number of people admitted in any ten seconds, in multiples of the rate. The ten seconds of
   * the largest number begin with the people of a tick.
   */
  function tenSeconds(moments: { at: number; admitted: number }[], ratePerSecond: number) {
    const totals = moments.map(({ at: from, admitted }, index) => {
      const end = moments.findLast(({ at }) => at <= from + 10_000)?.admitted ?? 0;
      const before = moments[index - 1]?.admitted ?? 0;
      return { after: end - admitted, with: end - before };
    });
    const last = moments.at(-1)?.at ?? 0;
    const whole = totals.filter((_, index) => (moments[index]?.at ?? 0) + 10_000 <= last);
    const share = (people: number) => people / (10 * ratePerSecond);
    return {
      least: share(Math.min(...whole.map((total) => total.after))),
      most: share(Math.max(...totals.map((total) => total.with))),
    };
  }

  test("is kept within 10 percent over any ten seconds, while people wait and units suffice", () => {
    const crowds = fc.constantFrom(crowd(100_000), crowd(1_000, 3_000), crowd(0, 3_600));
    fc.assert(
      fc.property(steps, fc.constantFrom(0.5, 1, 50, 300), crowds, (gaps, ratePerSecond, curve) => {
        let [state, at] = [INITIAL, CLOSE + 7_200_000];
        state = decideFrontier(state, given({ isMoving: false }), at);
        const moments = gaps.map((gap) => {
          at += gap;
          state = decideFrontier(state, given({ ratePerSecond, curve }), at);
          return { at, admitted: curve.peopleUpTo(state.frontier) };
        });
        if (curve.people - (moments.at(-1)?.admitted ?? 0) < 1) return;
        const { least, most } = tenSeconds(moments, ratePerSecond);
        expect(most).toBeLessThanOrEqual(1.1 + EPSILON);
        expect(least).toBeGreaterThanOrEqual(0.9 - EPSILON);
      }),
    );
  });

  test("is never exceeded by more than 10 percent in ten seconds of irregular ticks", () => {
    const gap = fc.oneof(
      fc.integer({ min: 1, max: 8_000 }),
      fc.integer({ min: 1_900, max: 2_000 }),
    );
    const irregular = fc.array(gap, { minLength: 20, maxLength: 80 });
    fc.assert(
      fc.property(irregular, (gaps) => {
        const curve = crowd(100_000);
        let [state, at] = [INITIAL, CLOSE];
        const moments = gaps.map((gap) => {
          at += gap;
          state = decideFrontier(state, given({ ratePerSecond: 50, curve }), at);
          return { at, admitted: state.admitted };
        });
        expect(tenSeconds(moments, 50).most).toBeLessThanOrEqual(1.1 + EPSILON);
      }),
    );
  });

  test("counts both ends of ten seconds: six ticks of two seconds admit eleven seconds' worth", () => {
    const input = given({ ratePerSecond: 50, curve: crowd(100_000) });
    const state = stateAfter({ ...INITIAL, lastAt: CLOSE }, input, 6, 2_000);
    expect(state.admitted).toBeCloseTo(11 * 50);
  });

  test.each([
    ["a pause", (state: FrontierState) => stateAfter(state, given({ isMoving: false }), 600)],
    [
      "a time with nothing free",
      (state: FrontierState) => stateAfter(state, given({ free: 0 }), 600),
    ],
  ])("is not made up for after %s", (_, interrupt) => {
    const state = interrupt(stateAfter(INITIAL, given({}), 10));
    const next = stateAfter(state, given({}), 10);
    expect(next.admitted - state.admitted).toBeLessThanOrEqual(110 + EPSILON);
  });

  test("is not made up for after a standstill of the controller", () => {
    const state = decideFrontier({ ...INITIAL, lastAt: CLOSE - 600_000 }, given({}), CLOSE);
    expect(state.admitted).toBeCloseTo(20);
    expect(stateAfter(state, given({}), 9).admitted).toBeLessThanOrEqual(110 + EPSILON);
  });
});

test("ticks in quick succession add neither people nor state", () => {
  const states = ticks({ ...INITIAL, lastAt: CLOSE }, given({}), 2_000, 10);
  const last = states.at(-1) as FrontierState;
  expect(last.admitted).toBeCloseTo(200);
  expect(last.admissions.length).toBeLessThanOrEqual(20_000 / 500);
});
