// Reads the merged metrics of the whole system: asks every shard at once, and says which ones did not answer.
import { emptyFrame, type Frame, type Gauge, mergeInto } from "./frame.ts";
import { causeOf, log } from "./log.ts";
import { METRICS, type Metric, type MetricName, parseKey } from "./series.ts";
import { type MetricsEnv, type Range, SHARDS, type ShardReading, shardOf } from "./shard-client.ts";

/** The buckets of counts are this long, in seconds. Steps are multiples of it. */
export const BUCKET_SECONDS = 5;
/** Steps below a minute reach this far back, in seconds. */
export const RECENT_SECONDS = 3_600;
/** The longest range, in seconds. */
export const LONGEST_SECONDS = 31 * 86_400;
/** Most steps of a range. */
export const MAX_STEPS = 720;

export interface MetricsQuery {
  /** How far back the points reach. */
  sinceSeconds: number;
  /** The length of a step: a multiple of `BUCKET_SECONDS`, and from a minute on of a minute. */
  stepSeconds: number;
}

/** For readers who need only totals. */
export const TOTALS: MetricsQuery = { sinceSeconds: 0, stepSeconds: 60 };

interface SeriesOf<Type, Total, Point> {
  type: Type;
  /** Without prefix and suffix: see `METRICS`. */
  name: MetricName;
  labels: Record<string, string>;
  total: Total;
  /** One for each step, the oldest first. The last step is not over yet. */
  points: Point[];
}

/**
 * One series. `total` of a counter is everything counted so far, of a gauge its latest value. Points of a counter are what
 * each step added; of a gauge its last value in the step, null if it was not set. A histogram has the count of each bucket
 * (`BOUNDS`), then the sum in seconds.
 */
export type Series =
  | SeriesOf<"counter", number, number>
  | SeriesOf<"gauge", number, number | null>
  | SeriesOf<"histogram", number[], number[] | null>;

export interface Metrics {
  /** When the shards were read, and when the first step starts: milliseconds. */
  asOf: number;
  from: number;
  stepSeconds: number;
  series: Series[];
  /** Shards that did not answer: their part of every figure is missing. */
  missing: number[];
  /** Batches that restarts of shards lost. A batch is what an isolate counts in two seconds. */
  lost: number;
}

/** Operators' pages ask again and again. */
const CACHE_MS = 1_000;
const SHARD_LIMIT_MS = 2_000;
/**
 * A state that isolates repeat is over after this, because the isolate that set it may be gone. Longer than the pause between
 * two tries of a webhook.
 */
const FORGOTTEN_MS = 90_000;

let cached: { key: string; metrics: Metrics } | undefined;

/** The metrics of the whole system, at most a second old. They lack what isolates counted in the last two seconds. */
export async function readMetrics(env: MetricsEnv, query: MetricsQuery): Promise<Metrics> {
  const key = JSON.stringify(query);
  const now = Date.now();
  if (cached?.key === key && Math.abs(now - cached.metrics.asOf) < CACHE_MS) return cached.metrics;
  const metrics = await readShards(env, query, now);
  cached = { key, metrics };
  return metrics;
}

/** The same without the memory of the isolate. */
export async function readShards(
  env: MetricsEnv,
  { sinceSeconds, stepSeconds }: MetricsQuery,
  now: number,
): Promise<Metrics> {
  const step = stepSeconds * 1_000;
  const from = Math.floor((now - sinceSeconds * 1_000) / step) * step;
  const answers = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => readShard(env, shard, { from, step })),
  );
  const readings = answers.filter((answer) => answer !== undefined);
  const totals = emptyFrame();
  const frames = new Map<number, Frame>();
  for (const reading of readings) {
    mergeInto(totals, reading.totals);
    for (const [at, frame] of reading.frames) {
      const merged = frames.get(at) ?? emptyFrame();
      frames.set(at, merged);
      mergeInto(merged, frame);
    }
  }
  const steps = Math.floor((now - from) / step) + 1;
  const inOrder = Array.from({ length: steps }, (_, index) => frames.get(from + index * step));
  return {
    asOf: now,
    from,
    stepSeconds,
    series: toSeries(totals, inOrder, now),
    missing: answers.flatMap((answer, shard) => (answer ? [] : [shard])),
    lost: readings.reduce((sum, { lost }) => sum + lost, 0),
  };
}

/** The counts of a span of time, in one frame. */
export interface SpanReading {
  frame: Frame;
  /** Shards that did not answer: their part of every figure is missing. */
  missing: number;
}

const MINUTE_MS = 60_000;

/** The counts from `from` to `to` (milliseconds), to the minute, or to 1/720 of a longer span. */
export async function readSpan(env: MetricsEnv, from: number, to: number): Promise<SpanReading> {
  const step = Math.max(1, Math.ceil((to - from) / MAX_STEPS / MINUTE_MS)) * MINUTE_MS;
  const range = { from: Math.floor(from / step) * step, to, step };
  const answers = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => readShard(env, shard, range)),
  );
  const frame = emptyFrame();
  for (const answer of answers) {
    for (const [, each] of answer?.frames ?? []) mergeInto(frame, each);
  }
  return { frame, missing: answers.filter((answer) => !answer).length };
}

async function readShard(
  env: MetricsEnv,
  shard: number,
  range: Range,
): Promise<ShardReading | undefined> {
  try {
    const limit = scheduler.wait(SHARD_LIMIT_MS).then(() => undefined);
    return await Promise.race([shardOf(env, shard).read(range), limit]);
  } catch (error) {
    log("metrics.shard_failed", { count: shard, cause: causeOf(error) });
    return undefined;
  }
}

/** The series that have a total, in alphabetical order. A step without a frame counted nothing. */
function toSeries(totals: Frame, steps: (Frame | undefined)[], now: number): Series[] {
  const found: Series[] = [];
  const each = <Value>(
    of: (frame: Frame) => Map<string, Value>,
    build: (
      total: Value,
      points: (Value | undefined)[],
      metric: Metric,
    ) => Pick<Series, "total" | "points">,
  ) => {
    for (const [key, total] of of(totals)) {
      const series = parseKey(key);
      if (!series) continue; // counted by another release
      const points = steps.map((frame) => frame && of(frame).get(key));
      const metric: Metric = METRICS[series.name];
      found.push({ type: metric.type, ...series, ...build(total, points, metric) } as Series);
    }
  };
  const lastOf = (gauge: Gauge | undefined) => gauge?.[1] ?? null;
  each(
    ({ counters }) => counters,
    (total, points) => ({ total, points: points.map((point) => point ?? 0) }),
  );
  each(
    ({ gauges }) => gauges,
    ([at, value], points, { isWorst }) => ({
      total: isWorst && now - at > FORGOTTEN_MS ? 0 : value,
      points: points.map(lastOf),
    }),
  );
  each(
    ({ histograms }) => histograms,
    (total, points) => ({ total, points: points.map((point) => point ?? null) }),
  );
  const nameOf = ({ name, labels }: Series) => [name, ...Object.values(labels)].join();
  const named = found.map((series) => [nameOf(series), series] as const);
  return named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
}
