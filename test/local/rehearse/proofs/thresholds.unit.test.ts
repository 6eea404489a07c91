// The thresholds of the command line.
import { describe, expect, test } from "vitest";
import type { Thresholds } from "../../../../src/local/rehearse/options.ts";
import { checkThresholds } from "../../../../src/local/rehearse/proofs/thresholds.ts";

describe("a threshold", () => {
  const latencyMs = {
    page: { p50: 1, p90: 2, p99: 3, max: 400 },
    buy: { p50: 10, p90: 20, p99: 30.5, max: 40 },
  };
  const missed = (thresholds: Thresholds, errorShare = 0.01) =>
    checkThresholds(thresholds, { latencyMs, errorShare }).map(({ violations }) => violations);

  test("is missed by a slow kind of request", () => {
    expect(missed({ maxP99: 30 })).toEqual([["buy: 30.5 ms"]]);
    expect(missed({ maxP99: 30.5 })).toEqual([[]]);
  });

  test("is missed by too many errors", () => {
    expect(missed({ maxErrors: 0.005 })).toEqual([["1%"]]);
    expect(missed({ maxErrors: 0.01 })).toEqual([[]]);
    expect(missed({ maxErrors: 0 }, 0)).toEqual([[]]);
  });

  test("is not checked if it is not set", () => {
    expect(missed({})).toEqual([]);
  });
});
