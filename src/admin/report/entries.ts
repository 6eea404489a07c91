// Reads the series of a frame of metrics. Pure.
import { type MetricName, parseKey } from "../../observability/series.ts";

/** One series of a frame. */
export interface Entry<Value> {
  name: MetricName;
  labels: Record<string, string>;
  value: Value;
}

export function entriesOf<Value>(values: Map<string, Value>): Entry<Value>[] {
  return [...values].flatMap(([key, value]) => {
    const series = parseKey(key);
    return series ? [{ ...series, value }] : [];
  });
}

export const sumOf = (entries: Entry<number>[], wanted: MetricName): number =>
  entries.reduce((sum, { name, value }) => sum + (name === wanted ? value : 0), 0);

/** How many values a histogram has counted. Its last element is their sum. */
export const countOf = (histogram: number[]): number =>
  histogram.slice(0, -1).reduce((sum, count) => sum + count, 0);
