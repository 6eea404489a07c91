// The figures that the rules of the alerts read: merged metrics of five minutes, watched sales, and dead letters.
import { lineSettings } from "../admission/settings.ts";
import type { PublishedCatalog } from "../catalog/registry-types.ts";
import { type Sale, saleState } from "../catalog/schema.ts";
import { effectiveSwitches, type Switch } from "../catalog/switches.ts";
import type { Metrics, Series } from "../observability/read-metrics.ts";
import type { MetricName } from "../observability/series.ts";

/** The part of the metrics that is read. */
export const WINDOW = { sinceSeconds: 300, stepSeconds: 5 };
/** A sale is watched before it opens and after it closes, when its last orders and their money move. */
const BEFORE_MS = 600_000;
const AFTER_MS = 3_600_000;

/** A sale that may have alerts. */
export interface WatchedSale {
  id: string;
  /** Milliseconds. */
  opensAt: number;
  isOpen: boolean;
  /** Whether a switch of the operator stops all orders. */
  isStopped: boolean;
  hasLine: boolean;
  skus: { id: string; isClosed: boolean }[];
}

export interface AlertFigures {
  /** Milliseconds. */
  now: number;
  metrics: Metrics;
  sales: WatchedSale[];
  /** Stored dead letters. Null while Redis does not answer. */
  deadLetters: number | null;
  /** Since when nothing is sent to the shop's webhook, because it is gone: milliseconds. 0: it gets events. Null: not known. */
  webhookGoneAt: number | null;
}

/** Whether a sale is on sale, about to be, or has just been. */
export const isWatched = ({ opensAt, closesAt }: Sale, now: number): boolean =>
  now >= Date.parse(opensAt) - BEFORE_MS && now < Date.parse(closesAt) + AFTER_MS;

/** The watched sales of the catalog. */
export function watchedSales(
  { sales, switches }: Pick<PublishedCatalog, "sales" | "switches">,
  now: number,
): WatchedSale[] {
  return sales.flatMap(({ sale }) =>
    sale && isWatched(sale, now) ? [toWatched(sale, switches, now)] : [],
  );
}

function toWatched(sale: Sale, switches: readonly Switch[], now: number): WatchedSale {
  const { paused, readOnly } = effectiveSwitches(switches, now, { sale: sale.id });
  return {
    id: sale.id,
    opensAt: Date.parse(sale.opensAt),
    isOpen: saleState(sale, now) === "open",
    isStopped: (paused ?? readOnly) !== undefined,
    hasLine: lineSettings(sale) !== undefined,
    skus: sale.skus.map(({ id }) => ({
      id,
      isClosed: effectiveSwitches(switches, now, { sale: sale.id, sku: id }).closed !== undefined,
    })),
  };
}

type Labels = Record<string, string>;

const matches = ({ name, labels }: Series, wanted: MetricName, where: Labels): boolean =>
  name === wanted && Object.entries(where).every(([label, value]) => labels[label] === value);

/** The gauges of a SKU: one, or that of each lane. */
const ofSku =
  (sku: string) =>
  ({ labels }: Series): boolean =>
    labels.sku === sku || (labels.sku ?? "").startsWith(`${sku}.`);

/** The sum of counters with these labels in the last `seconds`, one entry for each series. */
export function countsOf(
  { series, stepSeconds }: Metrics,
  name: MetricName,
  where: Labels,
  seconds: number,
): { labels: Labels; count: number }[] {
  const steps = seconds / stepSeconds + 1; // the last step is not over yet
  return series.flatMap((each) => {
    if (each.type !== "counter" || !matches(each, name, where)) return [];
    const count = each.points.slice(-steps).reduce((sum, added) => sum + added, 0);
    return [{ labels: each.labels, count }];
  });
}

/** The sum of `countsOf`. */
export const countOf = (...of: Parameters<typeof countsOf>): number =>
  countsOf(...of).reduce((sum, { count }) => sum + count, 0);

/** The gauges with these labels. */
export const gaugesOf = ({ series }: Metrics, name: MetricName, where: Labels) =>
  series.filter(
    (each): each is Series & { type: "gauge" } =>
      each.type === "gauge" && matches(each, name, where),
  );

/** The gauges of a SKU with these labels: one, or that of each lane. */
export const gaugesOfSku = (metrics: Metrics, name: MetricName, sku: string, where: Labels = {}) =>
  gaugesOf(metrics, name, where).filter(ofSku(sku));

/** Their latest values. */
export const valuesOfSku = (...of: Parameters<typeof gaugesOfSku>): number[] =>
  gaugesOfSku(...of).map(({ total }) => total);

/** The free units of a SKU. Undefined if they were never set. */
export function freeUnits(metrics: Metrics, sale: string, sku: string): number | undefined {
  const free = valuesOfSku(metrics, "units", sku, { sale, state: "available" });
  return free.length > 0 ? free.reduce((sum, units) => sum + units, 0) : undefined;
}

/** The latest value of the gauge with these labels. Undefined if it was never set. */
export const gaugeOf = (...of: Parameters<typeof gaugesOf>): number | undefined =>
  gaugesOf(...of)[0]?.total;
