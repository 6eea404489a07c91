// The time of a sale in the merged metrics: latency, refusals, degradations. Pure.
import type { Frame } from "../../observability/frame.ts";
import { BOUNDS, type MetricName } from "../../observability/series.ts";
import { acceptedOf, type Cost, costOf } from "./cost.ts";
import { countOf, type Entry, entriesOf, sumOf } from "./entries.ts";

export interface Latency {
  /** The things that were measured: requests by group of routes, or calls of the SKUs' objects. */
  of: "requests" | "calls";
  name: string;
  count: number;
  /** Upper bounds of the quantiles, in seconds: the bounds of the histogram's buckets. Null: above the last one. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface Refusal {
  /** The stage of the funnel, or `ledger` for the object of the SKU. */
  stage: string;
  reason: string;
  count: number;
}

export interface Degradation {
  name: MetricName;
  labels: Record<string, string>;
  count: number;
}

export interface TrafficFacts {
  /** Of this sale: attempts that passed the funnel, those that became an order, and those refused, most first. */
  passed: number;
  accepted: number;
  refusals: Refusal[];
  /** Of the whole deployment. */
  latency: Latency[];
  degradations: Degradation[];
  cost: Cost;
}

/** Counters of what should not happen, with the labels that make it so. Without labels: any. */
const DEGRADED: Partial<Record<MetricName, (labels: Record<string, string>) => boolean>> = {
  limits_degraded: () => true,
  shield_failed: () => true,
  deny_list_full: () => true,
  dead_letters: () => true,
  drift: () => true,
  breaker_changes: ({ state }) => state === "open",
  cache: ({ tier }) => tier === "degraded",
  orders: ({ outcome }) => outcome === "overloaded" || outcome === "unavailable",
  webhooks: ({ outcome }) => outcome === "failed",
};

export function trafficOf({ counters, histograms }: Frame, saleId: string): TrafficFacts {
  const counts = entriesOf(counters);
  const ofSale = counts.filter(({ labels }) => labels.sale === saleId);
  const degraded = counts.filter(({ name, labels }) => {
    const concerns = labels.sale === undefined || labels.sale === saleId;
    return concerns && DEGRADED[name]?.(labels);
  });
  return {
    passed: sumOf(ofSale, "funnel_passed"),
    accepted: acceptedOf(ofSale),
    refusals: refusalsOf(ofSale),
    latency: latencyOf(entriesOf(histograms)),
    degradations: degraded.map(({ value, ...series }) => ({ ...series, count: value })),
    cost: costOf(counts, entriesOf(histograms)),
  };
}

const ANSWERED: ReadonlySet<string | undefined> = new Set(["accepted", "replayed"]);

function refusalsOf(ofSale: Entry<number>[]): Refusal[] {
  const refusals = ofSale.flatMap(({ name, labels, value: count }) => {
    const { stage = "", reason = "", outcome = "" } = labels;
    if (name === "funnel_refused") return [{ stage, reason, count }];
    const isRefused = name === "orders" && !ANSWERED.has(outcome);
    return isRefused ? [{ stage: "ledger", reason: outcome, count }] : [];
  });
  return refusals.sort((a, b) => b.count - a.count);
}

function latencyOf(entries: Entry<number[]>[]): Latency[] {
  const merged = new Map<string, number[]>();
  for (const { name, labels, value } of entries) {
    if (name !== "http_seconds" && name !== "object_seconds") continue;
    const key = name === "http_seconds" ? `requests ${labels.route}` : `calls ${labels.call}`;
    const known = merged.get(key);
    merged.set(key, known ? known.map((count, at) => count + (value[at] ?? 0)) : value);
  }
  return [...merged].sort().map(([key, histogram]) => {
    const [of, name = ""] = key.split(" ") as [Latency["of"], string];
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(histogram, share));
    return { of, name, count: countOf(histogram), p50, p95, p99 } as Latency;
  });
}

/** The upper bound of the bucket in which a quantile lies, in seconds. Null if the bucket has none. */
export function quantile(histogram: number[], share: number): number | null {
  const rank = share * countOf(histogram);
  let below = 0;
  const at = histogram.slice(0, -1).findIndex((count) => {
    below += count;
    return below >= rank;
  });
  return BOUNDS[at] ?? null;
}
