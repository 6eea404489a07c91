// Writes what was counted to Workers Analytics Engine, if the deployment binds a dataset as ANALYTICS.
import type { Frame } from "./frame.ts";

export interface AnalyticsEnv {
  ANALYTICS?: AnalyticsEngineDataset;
}

/** Cloudflare takes 250 points of one invocation. */
const MAX_POINTS = 250;

/**
 * One point for each series: index and first blob are the name, the other blobs the values of the labels. The first double
 * is what was added to a counter, the value of a gauge, or the count of a histogram, whose sum in seconds is the second.
 */
export function writeAnalytics({ ANALYTICS }: AnalyticsEnv, frame: Frame): void {
  if (!ANALYTICS) return;
  const points: [key: string, doubles: number[]][] = [
    ...[...frame.counters].map(([key, value]) => [key, [value]] as [string, number[]]),
    ...[...frame.gauges].map(([key, [, value]]) => [key, [value]] as [string, number[]]),
    ...[...frame.histograms].map(([key, all]) => [key, countAndSum(all)] as [string, number[]]),
  ];
  for (const [key, doubles] of points.slice(0, MAX_POINTS)) {
    const blobs = key.split("|");
    ANALYTICS.writeDataPoint({ indexes: blobs.slice(0, 1), blobs, doubles });
  }
}

const countAndSum = (histogram: number[]): [count: number, sum: number] => [
  histogram.slice(0, -1).reduce((total, count) => total + count, 0),
  histogram.at(-1) ?? 0,
];
