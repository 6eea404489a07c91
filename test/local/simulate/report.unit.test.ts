// What the simulation prints, and its report.
import { expect, test } from "vitest";
import { PLATFORM } from "../../../src/local/simulate/limits.ts";
import { renderHtml, renderLanes } from "../../../src/local/simulate/report.ts";
import { simulate } from "../../../src/local/simulate/simulate.ts";
import { isValid, loadsOf, render, renderValidation } from "../../../src/local/simulate/summary.ts";
import type { Figures } from "../../../src/local/simulate/validate.ts";
import type { Scenario } from "../../../src/local/simulate/world.ts";

const scenario: Scenario = {
  ...{ people: 30_000, stock: 3_000, colos: 20, lanes: 1, seconds: 10 },
  ...{ isPaid: true, comesBack: 0, seed: 1 },
};
const outcome = await simulate(scenario, PLATFORM);

test("the summary names the first part at its limit, and the busiest one", () => {
  const text = render(outcome);
  expect(text).toContain("30,000 people, 3,000 paid units");
  expect(text).toMatch(
    /First at its limit: .+ in second \d+\. Busiest until the sell-out: .+ at \d+ %\./,
  );
});

test("no part that has a queue does more than its limit", () => {
  for (const { name, perSecond, peak } of loadsOf(outcome)) {
    expect(perSecond.length, name).toBeGreaterThan(0);
    // A batch of the consumer counts in the second in which it ends.
    expect(peak, name).toBeLessThan(1.1);
  }
});

test("the report has a plot for each part, without scripts", () => {
  const html = renderHtml(outcome);
  expect(html.match(/<svg/g)).toHaveLength(2 + loadsOf(outcome).length);
  expect(html).not.toContain("<script");
  expect(html).not.toContain("NaN");
});

test("the report of lanes has a row for each number", async () => {
  const lanes = await Promise.all(
    [1, 2].map((count) => simulate({ ...scenario, isPaid: false, lanes: count }, PLATFORM)),
  );
  expect(renderLanes(lanes).match(/<tr>/g)).toHaveLength(3);
});

const figures: Figures = {
  ...{ soldOutMs: 1_000, endMs: 2_000, accepted: 100, refusals: new Map([["sold_out", 50]]) },
  ...{ redisCommands: 400, queueOperations: 300, laneCalls: 50 },
};
const measured = { objectPerSecond: 100, isolatePerSecond: 1_000 };

test("a simulation is valid if every figure but the calls between lanes is within 15 % of the real one", () => {
  const validation = (simulated: Partial<Figures>) => ({
    ...{ lanes: 4, measured, real: figures },
    simulated: { ...figures, ...simulated },
  });
  expect(isValid(validation({ soldOutMs: 1_140 }))).toBe(true);
  expect(isValid(validation({ soldOutMs: 1_200 }))).toBe(false);
  expect(isValid(validation({ refusals: new Map() }))).toBe(false);
  expect(isValid(validation({ refusals: new Map([["overloaded", 1]]) }))).toBe(false);
  expect(isValid(validation({ laneCalls: 58 }))).toBe(true);
  expect(renderValidation(validation({ redisCommands: 500 }))).toContain("25 %");
});
