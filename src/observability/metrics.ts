// Counts in this isolate, for operators. What is counted waits here until it is sent (`flush.ts`). A count costs no I/O.
import { emptyFrame, type Frame, isEmpty, MAX_SERIES } from "./frame.ts";
import { KeyMemory } from "./key-memory.ts";
import {
  BOUNDS,
  type CounterName,
  type GaugeName,
  type HistogramName,
  keyOf,
  type LabelValues,
  type MetricName,
  otherKeyOf,
} from "./series.ts";

/** Counts until they are taken. A class, so that the benchmark can turn counting off. */
export class Meter {
  #pending = emptyFrame();
  readonly #keys = new KeyMemory();
  #onNews = (_isRare: boolean): void => {};

  /** Calls `listener` after each count. `isRare`: not one of the many of a request, so the listener may look at the clock. */
  onNews(listener: (isRare: boolean) => void): void {
    this.#onNews = listener;
  }

  /** What was counted since the last call. Undefined if nothing was. */
  take(): Frame | undefined {
    const taken = this.#pending;
    if (isEmpty(taken)) return undefined;
    this.#pending = emptyFrame();
    return taken;
  }

  add(name: CounterName, amount: number, labels: readonly string[]): void {
    const { counters } = this.#pending;
    const key = this.#placeIn(counters, name, labels);
    counters.set(key, (counters.get(key) ?? 0) + amount);
    this.#onNews(false);
  }

  observe(name: HistogramName, seconds: number, labels: readonly string[]): void {
    const { histograms } = this.#pending;
    const key = this.#placeIn(histograms, name, labels);
    let buckets = histograms.get(key);
    if (!buckets) {
      buckets = Array<number>(BOUNDS.length + 2).fill(0);
      histograms.set(key, buckets);
    }
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket += 1;
    buckets[bucket] = (buckets[bucket] as number) + 1;
    buckets[BOUNDS.length + 1] = (buckets[BOUNDS.length + 1] as number) + seconds;
    this.#onNews(true);
  }

  set(name: GaugeName, value: number, labels: readonly string[], at = Date.now()): void {
    const { gauges } = this.#pending;
    const key = this.#keys.keyOf(name, labels);
    if (key === undefined || (!gauges.has(key) && gauges.size >= MAX_SERIES)) return;
    gauges.set(key, [at, value]);
    this.#onNews(true);
  }

  /** The key of a series, or of `other` if its labels are unfit or there is no room for it. */
  #placeIn(
    series: ReadonlyMap<string, unknown>,
    name: MetricName,
    labels: readonly string[],
  ): string {
    const key = this.#keys.keyOf(name, labels);
    if (key !== undefined && (series.has(key) || series.size < MAX_SERIES)) return key;
    const unlabeled = labels.map(() => "");
    return otherKeyOf(keyOf(name, unlabeled));
  }
}

/** The counts of this isolate. */
export const meter = new Meter();

/** Adds one to a counter, such as `funnel_refused` with its stage, reason, and sale. */
export const count = <Name extends CounterName>(name: Name, ...labels: LabelValues<Name>): void =>
  meter.add(name, 1, labels);

/** Adds an amount to a counter. */
export const add = <Name extends CounterName>(
  name: Name,
  amount: number,
  ...labels: LabelValues<Name>
): void => meter.add(name, amount, labels);

/** Counts a duration in a histogram. */
export const measure = <Name extends HistogramName>(
  name: Name,
  milliseconds: number,
  ...labels: LabelValues<Name>
): void => meter.observe(name, Math.max(0, milliseconds) / 1_000, labels);

/** Sets the value of a gauge now. Only one object may set a series: the latest value counts. */
export const setGauge = <Name extends GaugeName>(
  name: Name,
  value: number,
  ...labels: LabelValues<Name>
): void => meter.set(name, value, labels);

/** Values of this long count as set at the same time, of which the largest one wins. */
const WORST_MS = 5_000;

/**
 * Sets a gauge that every isolate has, such as the state of its breaker: the largest value of all isolates counts. Isolates
 * repeat it while it is above 0. A 0 counts from the next span on, or it would lose against the value that it ends.
 */
export const setWorst = <Name extends GaugeName>(
  name: Name,
  value: number,
  ...labels: LabelValues<Name>
): void => {
  const span = Math.floor(Date.now() / WORST_MS) + (value === 0 ? 1 : 0);
  meter.set(name, value, labels, span * WORST_MS);
};
