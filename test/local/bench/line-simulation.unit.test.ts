// A crowd ten times as large costs the line's controller the same.
import { expect, test } from "vitest";
import { SAMPLE_LIMIT } from "../../../src/line/arrival-sample.ts";
import { simulateCrowd } from "../../../src/local/bench/line-simulation.ts";

test("a crowd of any size costs the same calls of the controller, ticks, and memory", () => {
  const [small, large] = [simulateCrowd(10_000), simulateCrowd(100_000)];
  expect(large.reports).toBe(small.reports);
  expect(large.ticks).toBe(small.ticks);
  for (const { people, registered, sampleSize, storedBytes, publishedBytes } of [small, large]) {
    expect(sampleSize).toBeLessThanOrEqual(SAMPLE_LIMIT);
    expect(storedBytes).toBeLessThan(10_000);
    expect(publishedBytes).toBeLessThan(10_000);
    expect(registered / people).toBeCloseTo(1, 1);
  }
  expect(large.looks / small.looks).toBeCloseTo(10, 0);
});
