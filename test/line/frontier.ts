// The frontier of a line in unit tests: crowds, and states after a number of ticks.
import { curveOf } from "../../src/line/arrival-curve.ts";
import { ArrivalSample } from "../../src/line/arrival-sample.ts";
import { decideFrontier, type FrontierInput } from "../../src/line/decide-frontier.ts";
import type { FrontierState } from "../../src/line/frontier-state.ts";

export const CLOSE = 1_000_000_000;
export const MANY = 1_000_000;
export const EPSILON = 1e-6;

/** `early` people before the close, and one more in each of `lateSeconds` seconds after it. */
export function crowd(early: number, lateSeconds = 0) {
  const sample = new ArrivalSample(undefined, MANY);
  for (let person = 0; person < early; person += 1) sample.add(person, CLOSE - 1);
  for (let second = 0; second < lateSeconds; second += 1)
    sample.add(early + second, CLOSE + second * 1_000);
  return curveOf(sample, CLOSE);
}

export const given = (input: Partial<FrontierInput>): FrontierInput => ({
  isMoving: true,
  ratePerSecond: 10,
  curve: crowd(5_000),
  closesAt: CLOSE,
  free: MANY,
  perPerson: 1,
  ...input,
});

/** The states after each of `seconds` ticks, one second apart. */
export function ticks(state: FrontierState, input: FrontierInput, seconds: number, stepMs = 1_000) {
  const states = [];
  let [last, now] = [state, state.lastAt ?? CLOSE];
  for (let second = 0; second < seconds; second += 1) {
    now += stepMs;
    last = decideFrontier(last, input, now);
    states.push(last);
  }
  return states;
}

export const stateAfter = (...args: Parameters<typeof ticks>) =>
  ticks(...args).at(-1) as FrontierState;
