// The frontier of a line under any history of ticks, clocks, restarts, pauses, rates, stock, and reports.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { curveOf } from "../../src/line/arrival-curve.ts";
import { ArrivalSample } from "../../src/line/arrival-sample.ts";
import {
  decideFrontier,
  expectedPeople,
  type FrontierInput,
  type FrontierState,
  INITIAL,
  OVERSHOOT,
  PATIENCE_MS,
  REPORT_LAG_MS,
} from "../../src/line/decide-frontier.ts";

const CLOSE = 1_000_000_000;
const MANY = 1_000_000;
const EPSILON = 1e-6;

/** `early` people before the close, and one more in each of `lateSeconds` seconds after it. */
function crowd(early: number, lateSeconds = 0) {
  const sample = new ArrivalSample(undefined, MANY);
  for (let person = 0; person < early; person += 1) sample.add(person, CLOSE - 1);
  for (let second = 0; second < lateSeconds; second += 1)
    sample.add(early + second, CLOSE + second * 1_000);
  return curveOf(sample, CLOSE);
}

const given = (input: Partial<FrontierInput>): FrontierInput => ({
  isMoving: true,
  ratePerSecond: 10,
  curve: crowd(5_000),
  closesAt: CLOSE,
  free: MANY,
  perPerson: 1,
  ...input,
});

/** The states after each of `seconds` ticks, one second apart. */
function ticks(state: FrontierState, input: FrontierInput, seconds: number, stepMs = 1_000) {
  const states = [];
  let [last, now] = [state, state.lastAt ?? CLOSE];
  for (let second = 0; second < seconds; second += 1) {
    now += stepMs;
    last = decideFrontier(last, input, now);
    states.push(last);
  }
  return states;
}

const stateAfter = (...args: Parameters<typeof ticks>) => ticks(...args).at(-1) as FrontierState;

type Event =
  | { kind: "tick"; afterMs: number }
  | { kind: "jump"; byMs: number }
  | { kind: "restart" }
  | { kind: "pause" }
  | { kind: "rate"; ratePerSecond: number }
  | { kind: "stock"; free: number | null }
  | { kind: "report"; people: [number, number][] };

const tick = fc.record({
  kind: fc.constant("tick" as const),
  afterMs: fc.integer({ min: 500, max: 1_500 }),
});
const jump = fc.record({
  kind: fc.constant("jump" as const),
  byMs: fc.oneof(
    fc.integer({ min: -10_000, max: 10_000 }),
    fc.constantFrom(-86_400_000, 86_400_000),
  ),
});
const stock = fc.record({
  kind: fc.constant("stock" as const),
  free: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom(null, MANY)),
});
const report = fc.record({
  kind: fc.constant("report" as const),
  people: fc.array(fc.tuple(fc.nat(500), fc.integer({ min: CLOSE - 1_000, max: CLOSE + 60_000 }))),
});
const rate = fc.record({
  kind: fc.constant("rate" as const),
  ratePerSecond: fc.constantFrom(0.1, 1, 10, 100),
});
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: tick },
  { weight: 2, arbitrary: stock },
  { weight: 2, arbitrary: report },
  jump,
  rate,
  fc.constant({ kind: "restart" as const }),
  fc.constant({ kind: "pause" as const }),
);

interface Step {
  before: FrontierState;
  state: FrontierState;
  input: FrontierInput;
}

/** Every tick of a history. */
function history(events: Event[]): Step[] {
  const steps: Step[] = [];
  const sample = new ArrivalSample();
  for (let person = 0; person < 100; person += 1) sample.add(1_000 + person, CLOSE - 1);
  let [state, now] = [INITIAL, CLOSE + 30_000];
  let input = given({ free: MANY });
  for (const each of events) {
    if (each.kind === "jump") now += each.byMs;
    if (each.kind === "restart") state = JSON.parse(JSON.stringify(state));
    if (each.kind === "pause") input = { ...input, isMoving: !input.isMoving };
    if (each.kind === "rate") input = { ...input, ratePerSecond: each.ratePerSecond };
    if (each.kind === "stock") input = { ...input, free: each.free };
    if (each.kind === "report") sample.merge({ level: 0, entries: each.people });
    if (each.kind !== "tick") continue;
    now += each.afterMs;
    const before = state;
    state = decideFrontier(before, { ...input, curve: curveOf(sample, CLOSE) }, now);
    steps.push({ before, state, input });
  }
  return steps;
}

const histories = fc.array(event, { maxLength: 300 }).map(history);

describe("under any history", () => {
  test("never moves the frontier back", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        for (const { before, state } of steps) {
          expect(state.frontier).toBeGreaterThanOrEqual(before.frontier);
        }
      }),
    );
  });

  test("admits nobody new while paused, with nothing free, or with unknown stock", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        for (const { before, state, input } of steps) {
          if (!input.isMoving || !input.free) expect(state.frontier).toBe(before.frontier);
        }
      }),
    );
  });

  test("expects at most two people for each free unit, or a single one, when it admits", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        for (const { before, state, input } of steps) {
          if (state.admitted === before.admitted) continue;
          const most = Math.max(1, OVERSHOOT * (input.free as number));
          expect(expectedPeople(state)).toBeLessThanOrEqual(most + EPSILON);
        }
      }),
    );
  });

  test("admits at most two seconds' worth of people at a tick, however the clock jumps", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        for (const { before, state, input } of steps) {
          const admitted = state.admitted - before.admitted;
          expect(admitted).toBeLessThanOrEqual(2 * input.ratePerSecond + EPSILON);
        }
      }),
    );
  });

  test("keeps a state of bounded size, with each admitted person counted once", () => {
    fc.assert(
      fc.property(histories, (steps) => {
        for (const { state } of steps) {
          expect(state.admissions.length).toBeLessThanOrEqual(PATIENCE_MS / 500);
          const { admitted, noShows, overshoot } = state;
          expect(noShows + overshoot + expectedPeople(state)).toBeLessThanOrEqual(
            admitted + EPSILON,
          );
        }
      }),
    );
  });

  test("admits a waiting person within a minute whenever units are free", () => {
    const rates = fc.constantFrom(1, 50, 1_000);
    fc.assert(
      fc.property(
        histories,
        rates,
        fc.integer({ min: 1, max: 50 }),
        (steps, ratePerSecond, free) => {
          const state = steps.at(-1)?.state ?? INITIAL;
          const curve = crowd(4_000);
          const input = given({ ratePerSecond, free, curve });
          if (curve.peopleUpTo(state.frontier) > 3_999) return;
          const later = stateAfter({ ...state, lastAt: CLOSE }, input, PATIENCE_MS / 1_000 + 2);
          const admitted = curve.peopleUpTo(later.frontier) - curve.peopleUpTo(state.frontier);
          expect(admitted).toBeGreaterThanOrEqual(1 - EPSILON);
        },
      ),
    );
  });
});

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
