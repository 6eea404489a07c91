// Simulated sales through the line sell out, in order and within its bounds, whoever the buyers are.
import { expect, test } from "vitest";
import { expectedPeople, INITIAL, OVERSHOOT } from "../../src/line/frontier-state.ts";
import { randomNumbers } from "../support/random.ts";
import { crowdOf, ORDINARY, type Scenario, sell } from "./simulated-sale.ts";

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
      for (const [index, { state }] of outcome.lines.entries()) {
        const before = outcome.lines[index - 1]?.state ?? INITIAL;
        expect(state.frontier).toBeGreaterThanOrEqual(before.frontier);
        const free = Math.max(1, OVERSHOOT * (state.free ?? 0));
        if (state.admitted > before.admitted)
          expect(expectedPeople(state)).toBeLessThanOrEqual(free + 1e-6);
      }
      expect(outcome.disappointed).toBeLessThanOrEqual(scenario.units * disappointed);
    }
  },
);
