// Simulated sales through the line: buyers who never come, come late, buy two, or let their hold expire.
import { expect, test } from "vitest";
import { type ArrivalCurve, curveOf } from "../../src/line/arrival-curve.ts";
import { ArrivalSample } from "../../src/line/arrival-sample.ts";
import {
  decideFrontier,
  expectedPeople,
  type FrontierState,
  INITIAL,
  OVERSHOOT,
} from "../../src/line/decide-frontier.ts";
import { randomNumbers } from "../support/random.ts";

const CLOSE = 1_000_000_000;
const HOLD_SECONDS = 120;

interface Person {
  place: number;
  /** Seconds from their turn to their order. Never, if they left. */
  delay: number;
  quantity: number;
  /** Whether the hold expires instead. */
  pays: boolean;
}

interface Scenario {
  early: number;
  /** People who come in the ten minutes after the close. */
  late: number;
  units: number;
  ratePerSecond: number;
  /** Shares of people. */
  absent: number;
  slow: number;
  two: number;
  unpaid: number;
}

const ORDINARY: Scenario = {
  early: 8_000,
  late: 4_000,
  units: 1_000,
  ratePerSecond: 50,
  absent: 0.3,
  slow: 0.05,
  two: 0.2,
  unpaid: 0.1,
};

function crowdOf(scenario: Scenario, random: () => number) {
  const sample = new ArrivalSample();
  const people: Person[] = [];
  for (let index = 0; index < scenario.early + scenario.late; index += 1) {
    const lateness = index < scenario.early ? -1 : Math.floor(random() * 600_000);
    sample.add(Math.floor(random() * 2 ** 52), CLOSE + lateness);
    const isSlow = random() < scenario.slow;
    people.push({
      place: lateness < 0 ? random() : 1 + (lateness + random()) / 1_000,
      delay: random() < scenario.absent ? Infinity : isSlow ? 60 + random() * 200 : random() * 40,
      quantity: random() < scenario.two ? 2 : 1,
      pays: random() >= scenario.unpaid,
    });
  }
  people.sort((a, b) => a.place - b.place);
  return { people, curve: curveOf(sample, CLOSE) };
}

interface Outcome {
  sold: number;
  seconds: number;
  states: FrontierState[];
  /** People who came within a minute of their turn, and found nothing free. */
  disappointed: number;
  admitted: number;
}

/** Runs a sale until everything is sold, or for four hours. */
function sell(
  scenario: Scenario,
  people: Person[],
  curve: ArrivalCurve,
  restart: () => boolean,
): Outcome {
  const due = new Map<number, (() => void)[]>();
  const at = (second: number, work: () => void) =>
    due.set(second, [...(due.get(second) ?? []), work]);
  const outcome: Outcome = { sold: 0, seconds: 0, states: [], disappointed: 0, admitted: 0 };
  let [free, state] = [scenario.units, INITIAL];
  const giveBack = (quantity: number) => {
    free += quantity;
  };
  const buy = (person: Person, second: number) => {
    const quantity = Math.min(person.quantity, free);
    if (quantity === 0) {
      outcome.disappointed += person.delay < 60 ? 1 : 0;
      return;
    }
    free -= quantity;
    if (person.pays) outcome.sold += quantity;
    else at(second + HOLD_SECONDS, () => giveBack(quantity));
  };
  for (let second = 1; outcome.sold < scenario.units && second < 4 * 3_600; second += 1) {
    for (const work of due.get(second) ?? []) work();
    const input = { ...scenario, isMoving: true, curve, closesAt: CLOSE, free, perPerson: 2 };
    state = decideFrontier(state, input, CLOSE + second * 1_000);
    if (restart()) state = JSON.parse(JSON.stringify(state));
    outcome.states.push(state);
    outcome.seconds = second;
    for (const person of people.slice(outcome.admitted)) {
      if (person.place > state.frontier) break;
      const comes = second + 1 + Math.floor(person.delay);
      if (person.delay < Infinity) at(comes, () => buy(person, comes));
      outcome.admitted += 1;
    }
  }
  return outcome;
}

/** With the most people who find nothing, per unit: those whom the line may admit in vain. */
const SCENARIOS: [string, number, Scenario][] = [
  ["of an ordinary crowd", 0.05, ORDINARY],
  ["of whom most leave", 0.05, { ...ORDINARY, absent: 0.8 }],
  ["of whom nearly all buy two", OVERSHOOT - 1, { ...ORDINARY, two: 0.95, absent: 0 }],
  ["of whom half let their hold expire", 0.05, { ...ORDINARY, unpaid: 0.5 }],
  ["of only a few units", OVERSHOOT - 1, { ...ORDINARY, units: 5 }],
  ["of late arrivals only", 0.05, { ...ORDINARY, early: 0, late: 10_000 }],
  ["at a high rate", 0.05, { ...ORDINARY, ratePerSecond: 1_000, early: 60_000 }],
];

test.each(SCENARIOS)(
  "sells out a sale %s, in order, within its bounds",
  (_, disappointed, scenario) => {
    for (const seed of [1, 2, 3]) {
      const random = randomNumbers(seed);
      const { people, curve } = crowdOf(scenario, random);
      const outcome = sell(scenario, people, curve, () => random() < 0.1);

      expect(outcome.sold).toBe(scenario.units);
      for (const [index, state] of outcome.states.entries()) {
        const before = outcome.states[index - 1] ?? INITIAL;
        expect(state.frontier).toBeGreaterThanOrEqual(before.frontier);
        const free = Math.max(1, OVERSHOOT * (state.free ?? 0));
        if (state.admitted > before.admitted)
          expect(expectedPeople(state)).toBeLessThanOrEqual(free + 1e-6);
      }
      expect(outcome.disappointed).toBeLessThanOrEqual(scenario.units * disappointed);
    }
  },
);
