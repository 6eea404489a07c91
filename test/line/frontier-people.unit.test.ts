// Whom the frontier of a line admits, and how many people for the free units.
import { describe, expect, test } from "vitest";
import { REPORT_LAG_MS } from "../../src/line/decide-frontier.ts";
import { expectedPeople, INITIAL } from "../../src/line/frontier-state.ts";
import { CLOSE, crowd, EPSILON, given, stateAfter, ticks } from "./frontier.ts";

describe("whom it admits", () => {
  test("nobody before the line moves", () => {
    expect(stateAfter(INITIAL, given({ isMoving: false }), 100).frontier).toBe(0);
  });

  test("the early crowd in equal steps of places", () => {
    const states = ticks(INITIAL, given({ curve: crowd(1_000) }), 11);
    expect(states.at(-1)?.frontier).toBeCloseTo(0.1);
  });

  test("later arrivals in their order, a rate's worth each second", () => {
    const curve = crowd(0, 3_600);
    const start = { ...INITIAL, lastAt: CLOSE + 3_600_000, frontier: 1 };
    expect(curve.peopleUpTo(stateAfter(start, given({ curve }), 60).frontier)).toBeCloseTo(600);
  });

  test("nobody whose arrival may not have been reported yet", () => {
    const state = stateAfter(INITIAL, given({ curve: crowd(0), ratePerSecond: 1_000 }), 60);
    expect(state.frontier).toBe(1 + (60_000 - REPORT_LAG_MS) / 1_000);
  });

  test("the same people after the clock went back, and others again when it has caught up", () => {
    const input = given({ curve: crowd(0), ratePerSecond: 100 });
    const state = stateAfter(INITIAL, input, 60);
    const back = { ...state, lastAt: CLOSE + 20_000 };
    expect(stateAfter(back, input, 10).frontier).toBe(state.frontier);
    expect(stateAfter(back, input, 60).frontier).toBeGreaterThan(state.frontier);
  });

  test("those whose reports were lost, soon after a standstill of the controller", () => {
    const start = { ...INITIAL, lastAt: CLOSE + 600_000 };
    const state = stateAfter(start, given({ curve: crowd(0) }), 600);
    expect(state.frontier).toBeGreaterThan(1 + 600);
  });

  test("as many as there are free units, while nobody has bought yet", () => {
    const state = stateAfter(INITIAL, given({ free: 5, ratePerSecond: 50 }), 55);
    expect(state.admitted).toBeCloseTo(5);
  });

  test("others after a minute if the first ones take nothing, up to two for each free unit", () => {
    const input = given({ free: 100, ratePerSecond: 1_000 });
    expect(stateAfter(INITIAL, input, 59).admitted).toBeCloseTo(100);
    const state = stateAfter(INITIAL, input, 600);
    expect(expectedPeople(state)).toBeLessThanOrEqual(200 + EPSILON);
    expect(state.noShows).toBeGreaterThan(1_000);
  });

  test("a single one for the last unit, even where people take two", () => {
    const takers = { ...INITIAL, lastAt: CLOSE, startedAt: 0, admitted: 100, taken: 200 };
    const state = stateAfter(takers, given({ free: 1, perPerson: 2, ratePerSecond: 50 }), 3);
    expect(state.admitted - 100).toBeCloseTo(1);
  });

  test("fewer for the same units where people take two", () => {
    const takers = { ...INITIAL, lastAt: CLOSE, startedAt: 0, admitted: 1_000, taken: 2_000 };
    const input = given({ free: 100, perPerson: 2, ratePerSecond: 50 });
    const state = stateAfter(takers, input, 5);
    expect(state.admitted - 1_000).toBeCloseTo(50, 0);
    const bought = stateAfter(state, { ...input, free: 50, isMoving: false }, 1);
    expect(expectedPeople(bought)).toBeCloseTo(25, 0);
  });

  test("nobody in vain twice: whoever finds nothing left is not waited for when a unit returns", () => {
    const absent = { ...INITIAL, lastAt: CLOSE, startedAt: 0, admitted: 1_000, noShows: 1_000 };
    const eager = stateAfter(absent, given({ free: 5, ratePerSecond: 50 }), 5);
    expect(expectedPeople(eager)).toBeCloseTo(10);
    const sold = stateAfter(eager, given({ free: 0 }), 1);
    expect(sold.overshoot).toBeCloseTo(5);
    expect(expectedPeople(sold)).toBe(0);
    expect(sold.noShows).toBe(1_000);
    const returned = stateAfter(sold, given({ free: 1 }), 1);
    expect(returned.admitted).toBeGreaterThan(sold.admitted + 0.99);
  });

  test("the next one when a unit returns after everything was taken", () => {
    const sold = stateAfter(stateAfter(INITIAL, given({ free: 5 }), 20), given({ free: 0 }), 20);
    const returned = stateAfter(sold, given({ free: 1 }), 1);
    expect(returned.admitted - sold.admitted).toBeCloseTo(1);
  });

  test("more people after a restock, and again at most the rate", () => {
    const sold = stateAfter(stateAfter(INITIAL, given({ free: 5 }), 20), given({ free: 0 }), 20);
    const restocked = stateAfter(sold, given({ free: 500 }), 10);
    expect(restocked.admitted - sold.admitted).toBeGreaterThan(90);
    expect(restocked.admitted - sold.admitted).toBeLessThanOrEqual(110 + EPSILON);
  });
});
