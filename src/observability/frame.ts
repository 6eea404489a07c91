// The counts of a span of time, by series, and how two such frames merge. Pure. The result depends neither on the order nor
// on the grouping of what is merged, as long as there is room for every series.
import { BOUNDS, otherKeyOf } from "./series.ts";

/** When a gauge was read (milliseconds), and its value. */
export type Gauge = [at: number, value: number];

/** By the keys of the series. A histogram has the count of each bucket, then the sum in seconds. */
export interface Frame {
  counters: Map<string, number>;
  histograms: Map<string, number[]>;
  gauges: Map<string, Gauge>;
}

/** Most series of one kind in a frame. What has no room is added to the series `other` of its metric. */
export const MAX_SERIES = 1_000;

export const emptyFrame = (): Frame => ({
  counters: new Map(),
  histograms: new Map(),
  gauges: new Map(),
});

export const isEmpty = ({ counters, histograms, gauges }: Frame): boolean =>
  counters.size + histograms.size + gauges.size === 0;

const addNumbers = (a: number, b: number): number => a + b;

/** @returns the other one if this one has the buckets of another release */
const addHistograms = (a: number[], b: number[]): number[] => {
  if (a.length !== BOUNDS.length + 2) return b;
  return a.length === b.length ? a.map((value, at) => value + (b[at] as number)) : a;
};

/** The later reading counts; of two at the same time the larger one, so that the order does not matter. */
const laterGauge = (a: Gauge, b: Gauge): Gauge =>
  b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a;

/** How the values of one kind of series merge, and which series takes the place of one without room. */
interface Kind<Value> {
  of(frame: Frame): Map<string, Value>;
  merge(a: Value, b: Value): Value;
  /** Undefined: it is left out, because gauges cannot be added. */
  instead(key: string): string | undefined;
}

const COUNTERS: Kind<number> = {
  of: ({ counters }) => counters,
  merge: addNumbers,
  instead: otherKeyOf,
};
const HISTOGRAMS: Kind<number[]> = {
  of: ({ histograms }) => histograms,
  merge: addHistograms,
  instead: otherKeyOf,
};
const GAUGES: Kind<Gauge> = {
  of: ({ gauges }) => gauges,
  merge: laterGauge,
  instead: () => undefined,
};
const KINDS = [COUNTERS, HISTOGRAMS, GAUGES] as unknown as readonly Kind<unknown>[];

/** Merges a frame into another one, which keeps at most `MAX_SERIES` series of each kind and those named `other`. */
export function mergeInto(target: Frame, source: Frame): void {
  for (const { of, merge, instead } of KINDS) {
    const into = of(target);
    for (const [key, value] of of(source)) {
      const hasRoom = into.has(key) || into.size < MAX_SERIES;
      const place = hasRoom ? key : instead(key);
      if (place === undefined) continue;
      const known = into.get(place);
      into.set(place, known === undefined ? value : merge(known, value));
    }
  }
}

/**
 * Adds a frame to running totals. They keep the `MAX_SERIES` series of each kind that changed last, so that old sales make
 * room for new ones.
 */
export function accumulate(totals: Frame, source: Frame): void {
  for (const { of, merge } of KINDS) {
    const into = of(totals);
    for (const [key, value] of of(source)) {
      const known = into.get(key);
      // A Map iterates in the order of insertion.
      into.delete(key);
      into.set(key, known === undefined ? value : merge(known, value));
    }
    for (const key of into.keys()) {
      if (into.size <= MAX_SERIES) break;
      into.delete(key);
    }
  }
}

type FrameJson = [[string, number][], [string, number[]][], [string, Gauge][]];

export const toJson = ({ counters, histograms, gauges }: Frame): FrameJson => [
  [...counters],
  [...histograms],
  [...gauges],
];

export const fromJson = ([counters, histograms, gauges]: FrameJson): Frame => ({
  counters: new Map(counters),
  histograms: new Map(histograms),
  gauges: new Map(gauges),
});
