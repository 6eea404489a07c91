// The metrics as text in the OpenMetrics format, version 1.0, for scrapers such as Prometheus.
import type { Metrics, Series } from "./read-metrics.ts";
import { BOUNDS, METRICS, type MetricName } from "./series.ts";

export const OPEN_METRICS = "application/openmetrics-text";
export const OPEN_METRICS_TYPE = `${OPEN_METRICS}; version=1.0.0; charset=utf-8`;

/** The totals of all series. Undefined while a shard is missing: sums would fall, and look like a restart. */
export function toOpenMetrics({ series, missing, lost }: Metrics): string | undefined {
  if (missing.length > 0) return undefined;
  const families = Map.groupBy(series, ({ name }) => name);
  const lines = [...families].flatMap(([name, all]) => [
    `# TYPE doorbuster_${name} ${METRICS[name].type}`,
    `# HELP doorbuster_${name} ${METRICS[name].help}`,
    ...all.flatMap(toSamples),
  ]);
  return [
    ...lines,
    "# TYPE doorbuster_metrics_lost_batches counter",
    "# HELP doorbuster_metrics_lost_batches Batches of counts that restarts lost",
    `doorbuster_metrics_lost_batches_total ${lost}`,
    "# EOF\n",
  ].join("\n");
}

function toSamples(series: Series): string[] {
  const { name, labels } = series;
  switch (series.type) {
    case "counter":
      return [sample(name, "_total", labels, series.total)];
    case "gauge":
      return [sample(name, "", labels, series.total)];
    case "histogram":
      return toBuckets(name, labels, series.total);
  }
}

/** The buckets of a histogram. In this format each one includes those below it. */
function toBuckets(name: MetricName, labels: Record<string, string>, total: number[]): string[] {
  const bounds = [...BOUNDS.map(toFloat), "+Inf"];
  let count = 0;
  const buckets = bounds.map((le, index) => {
    count += total[index] ?? 0;
    return sample(name, "_bucket", { ...labels, le }, count);
  });
  return [
    ...buckets,
    sample(name, "_count", labels, count),
    sample(name, "_sum", labels, total.at(-1) ?? 0),
  ];
}

/** Bounds are floats, also if they are whole. */
const toFloat = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`);

function sample(
  name: MetricName,
  suffix: string,
  labels: Record<string, string>,
  value: number,
): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  const set = pairs.length > 0 ? `{${pairs.join(",")}}` : "";
  return `doorbuster_${name}${suffix}${set} ${value}`;
}

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
