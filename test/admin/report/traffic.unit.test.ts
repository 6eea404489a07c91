// The report's part from the merged metrics.
import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile, trafficOf } from "../../../src/admin/report/traffic.ts";
import { emptyFrame } from "../../../src/observability/frame.ts";
import { BOUNDS, keyOf, type MetricName } from "../../../src/observability/series.ts";

/** A frame with these counters: `name|label|…` → count. */
function aFrame(counters: Record<string, number>, histograms: Record<string, number[]> = {}) {
  return {
    ...emptyFrame(),
    counters: new Map(Object.entries(counters)),
    histograms: new Map(Object.entries(histograms)),
  };
}

/** A histogram with one value in each of these buckets. */
const inBuckets = (...buckets: number[]): number[] =>
  Array.from(
    { length: BOUNDS.length + 2 },
    (_, at) => buckets.filter((each) => each === at).length,
  );

test("lists the refusals of this sale only, most first", () => {
  const { refusals, passed, accepted } = trafficOf(
    aFrame({
      "funnel_refused|soldOut|sold_out|demo": 7,
      "funnel_refused|limits|rate_limited|demo": 9,
      "funnel_refused|limits|rate_limited|other": 99,
      "funnel_passed|demo": 3,
      "orders|accepted|demo": 2,
      "orders|replayed|demo": 4,
      "orders|user_limit_reached|demo": 8,
      "funnel_passed|other": 8,
    }),
    "demo",
  );
  expect([passed, accepted]).toEqual([3, 2]);
  expect(refusals).toEqual([
    { stage: "limits", reason: "rate_limited", count: 9 },
    { stage: "ledger", reason: "user_limit_reached", count: 8 },
    { stage: "soldOut", reason: "sold_out", count: 7 },
  ]);
});

test("names as degradations what should not happen, and nothing else", () => {
  const { degradations } = trafficOf(
    aFrame({
      limits_degraded: 4,
      "breaker_changes|redis|open": 1,
      "breaker_changes|redis|closed": 1,
      "orders|unavailable|demo": 2,
      "orders|accepted|demo": 5,
      "orders|unavailable|other": 6,
      "cache|live|degraded": 3,
      "cache|live|colo": 30,
    }),
    "demo",
  );
  expect(degradations.map(({ name, count }) => [name, count])).toEqual([
    ["limits_degraded", 4],
    ["breaker_changes", 1],
    ["orders", 2],
    ["cache", 3],
  ]);
});

test("merges the latency of a group of routes over the classes of its responses", () => {
  const { latency } = trafficOf(
    aFrame({}, { "http_seconds|buy|2xx": inBuckets(0, 1), "http_seconds|buy|4xx": inBuckets(6) }),
    "demo",
  );
  expect(latency).toEqual([
    { of: "requests", name: "buy", count: 3, p50: BOUNDS[1], p95: BOUNDS[6], p99: BOUNDS[6] },
  ]);
});

test("states the upper bound of a quantile, and no number beyond the last bound", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(BOUNDS.length), { minLength: 1, maxLength: 40 }), (buckets) => {
      const inOrder = buckets.toSorted((a, b) => a - b);
      for (const share of [0.5, 0.95, 0.99]) {
        const at = inOrder[Math.ceil(share * inOrder.length) - 1] as number;
        expect(quantile(inBuckets(...buckets), share)).toBe(BOUNDS[at] ?? null);
      }
    }),
  );
});

test("estimates the cost from what was counted", () => {
  const { cost } = trafficOf(
    aFrame(
      {
        "orders|accepted|demo": 1_000,
        "payments|charge|charged": 1_000,
        redis_commands: 50,
        redis_dollars: 0.0001,
      },
      { "http_seconds|buy|2xx": inBuckets(0, 0), "object_seconds|reserve|ok": inBuckets(0) },
    ),
    "demo",
  );
  const counts = Object.fromEntries(cost.items.map(({ name, count }) => [name, count]));
  expect(counts).toEqual({
    requests: 2,
    objectCalls: 2_001,
    rowsWritten: 4_000,
    queueOperations: 6_000,
    redisCommands: 50,
  });
  expect(cost.dollars).toBeCloseTo(
    (2 * 0.3 + 2_001 * 0.15 + 4_000 * 1 + 6_000 * 0.4) / 1e6 + 0.0001,
    10,
  );
});

test("ignores series of another release", () => {
  const unknown = keyOf("of_tomorrow" as MetricName, ["demo"]);
  expect(trafficOf(aFrame({ [unknown]: 5 }), "demo")).toMatchObject({ refusals: [], passed: 0 });
});
