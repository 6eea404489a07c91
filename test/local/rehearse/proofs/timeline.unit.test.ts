// The step function finds the range of a number over time.
import { expect, test } from "vitest";
import { StepFunction } from "../../../../src/local/rehearse/proofs/timeline.ts";

test("StepFunction finds the range of values in an interval", () => {
  const steps = new StepFunction(5, [
    { at: 20, by: 4 },
    { at: 10, by: -3 },
  ]);
  expect([steps.range(0, 9), steps.range(0, 15), steps.range(10, 30), steps.range(25, 30)]).toEqual(
    [
      { min: 5, max: 5 },
      { min: 2, max: 5 },
      { min: 2, max: 6 },
      { min: 6, max: 6 },
    ],
  );
});
