// Points for Workers Analytics Engine.
import { expect, test } from "vitest";
import { writeAnalytics } from "../../src/observability/analytics.ts";
import { emptyFrame } from "../../src/observability/frame.ts";
import { BOUNDS } from "../../src/observability/series.ts";

/** A dataset that keeps its points. */
function aDataset() {
  const points: AnalyticsEngineDataPoint[] = [];
  return { points, writeDataPoint: (point = {}) => void points.push(point) };
}

test("writes a point for each series: its name, its labels, and its value", () => {
  const dataset = aDataset();
  const buckets = Array<number>(BOUNDS.length + 1).fill(2);
  writeAnalytics(
    { ANALYTICS: dataset },
    {
      counters: new Map([["orders|accepted|drop", 3]]),
      gauges: new Map([["outbox_orders|shoe", [1_000, 7]]]),
      histograms: new Map([["queue_age_seconds|orders", [...buckets, 12.5]]]),
    },
  );
  expect(dataset.points).toEqual([
    { indexes: ["orders"], blobs: ["orders", "accepted", "drop"], doubles: [3] },
    { indexes: ["outbox_orders"], blobs: ["outbox_orders", "shoe"], doubles: [7] },
    {
      indexes: ["queue_age_seconds"],
      blobs: ["queue_age_seconds", "orders"],
      doubles: [2 * buckets.length, 12.5],
    },
  ]);
});

test("writes no more points than Cloudflare takes", () => {
  const dataset = aDataset();
  const many = Array.from({ length: 900 }, (_, id): [string, number] => [`funnel_passed|${id}`, 1]);
  writeAnalytics({ ANALYTICS: dataset }, { ...emptyFrame(), counters: new Map(many) });
  expect(dataset.points.length).toBe(250);
});

test("writes nothing where no dataset is bound", () => {
  expect(() => writeAnalytics({}, emptyFrame())).not.toThrow();
});
