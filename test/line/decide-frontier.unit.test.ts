// The frontier of a line under any history of ticks, clocks, restarts, pauses, rates, stock, and reports.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { curveOf } from "../../src/line/arrival-curve.ts";
import { ArrivalSample } from "../../src/line/arrival-sample.ts";
import { decideFrontier, type FrontierInput, PATIENCE_MS } from "../../src/line/decide-frontier.ts";
import {
  expectedPeople,
  type FrontierState,
  INITIAL,
  OVERSHOOT,
} from "../../src/line/frontier-state.ts";
import { CLOSE, crowd, EPSILON, given, MANY, stateAfter } from "./frontier.ts";

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
