// Decides how far the frontier of a line moves at a tick: by the operator's rate, and no further than the free units can
// serve. Numbers of people are expected numbers, and need not be whole.
import type { ArrivalCurve } from "./arrival-curve.ts";
import {
  expectedPeople,
  type FrontierState,
  since,
  sum,
  unitsPerPerson,
} from "./frontier-state.ts";

/** How long units are kept in mind for an admitted person. Somebody who comes later is still admitted. */
export const PATIENCE_MS = 60_000;
/** Arrivals are known after this time: isolates report every 2 s, and a report takes a moment. */
export const REPORT_LAG_MS = 3_000;

/** A tick makes up for at most this much time, so that neither a pause of the controller nor a clock leads to a rush. */
const MAX_STEP_MS = 2_000;
/** Ticks that follow the last one sooner decide nothing. */
const MIN_STEP_MS = 500;
/** No more than 11 seconds' worth of people are admitted in any 10 seconds. */
const WINDOW_MS = 10_000;
const WINDOW_SECONDS = 11;
/**
 * Where nobody is known to be waiting, the frontier follows the time, because reports can be lost. Places per second of a
 * tick: enough to keep up when ticks are rare, and to make up for a standstill.
 */
const EMPTY_SPEED = 5;
export interface FrontierInput {
  /** Whether people may be admitted: the sale is open, the draw is known, and the line is not paused. */
  isMoving: boolean;
  ratePerSecond: number;
  curve: ArrivalCurve;
  /** When registration closed, in milliseconds. */
  closesAt: number;
  /** Units that are free. Null if that is unknown now: then nobody is admitted. */
  free: number | null;
  /** The most units that one person may take. */
  perPerson: number;
}

/** The state after a tick at `now`, in milliseconds. The frontier never moves back. */
export function decideFrontier(
  state: FrontierState,
  input: FrontierInput,
  now: number,
): FrontierState {
  const step = state.lastAt === null ? 0 : now - state.lastAt;
  if (step > 0 && step < MIN_STEP_MS) return state;
  const elapsed = Math.max(0, Math.min(step, MAX_STEP_MS));
  const passed = { ...state, lastAt: now, time: state.time + elapsed };
  const settled = expire(serve(passed, input));
  return input.isMoving ? admit(settled, input, elapsed, now) : settled;
}

/** A person who took a unit is no longer expected, and nobody is once nothing is left. The longest admitted come first. */
function serve(state: FrontierState, { free, perPerson }: FrontierInput): FrontierState {
  if (free === null) return state;
  const units = state.startedAt === null ? 0 : Math.max(0, (state.free ?? free) - free);
  let served = units / Math.max(1, unitsPerPerson(state, perPerson));
  const admissions = state.admissions.map((admission) => {
    const expected = Math.max(0, admission.expected - served);
    served -= admission.expected - expected;
    return { ...admission, expected };
  });
  const next = { ...state, free, taken: state.taken + units, admissions };
  if (free > 0) return next;
  return {
    ...next,
    admissions: admissions.map((admission) => ({ ...admission, expected: 0 })),
    overshoot: state.overshoot + sum(admissions, "expected"),
  };
}

function expire(state: FrontierState): FrontierState {
  const admissions = since(state.admissions, state.time - PATIENCE_MS);
  const left = expectedPeople(state) - sum(admissions, "expected");
  return { ...state, admissions, noShows: state.noShows + left };
}

function admit(
  state: FrontierState,
  input: FrontierInput,
  elapsed: number,
  now: number,
): FrontierState {
  const people = Math.min(byRate(state, input, elapsed), byUnits(state, input));
  if (people <= 0) return state;
  const { curve, closesAt, ratePerSecond } = input;
  const bound = Math.max(1, 1 + (now - closesAt - REPORT_LAG_MS) / 1_000);
  const before = curve.peopleUpTo(state.frontier);
  const known = curve.peopleUpTo(bound);
  const reached =
    before + people < known
      ? curve.placeOf(before + people)
      : Math.max(curve.placeOf(known), state.frontier + (EMPTY_SPEED * elapsed) / 1_000);
  const frontier = Math.max(state.frontier, Math.min(bound, reached));
  const admitted = Math.max(0, curve.peopleUpTo(frontier) - before);
  if (admitted === 0) return { ...state, frontier };
  const admission = {
    at: state.time,
    people: admitted,
    seconds: admitted / ratePerSecond,
    expected: admitted,
  };
  return {
    ...state,
    frontier,
    startedAt: state.startedAt ?? state.time,
    admissions: [...state.admissions, admission],
    admitted: state.admitted + admitted,
  };
}

/** How many people the rate allows. */
function byRate(
  { admissions, time }: FrontierState,
  { ratePerSecond }: FrontierInput,
  elapsed: number,
): number {
  // Both ends of the ten seconds count.
  const used = sum(since(admissions, time - WINDOW_MS - 1), "seconds");
  return ratePerSecond * Math.min(elapsed / 1_000, WINDOW_SECONDS - used);
}

/** How many people the free units can serve beyond those who are expected. At least one, so that units never lie idle. */
function byUnits(state: FrontierState, { free, perPerson }: FrontierInput): number {
  if (!free) return 0;
  return Math.max(1, free / unitsPerPerson(state, perPerson)) - expectedPeople(state);
}
