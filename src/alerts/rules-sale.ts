// Alerts about a sale: its units, its buyers, and its line.
import {
  type AlertFigures,
  countOf,
  countsOf,
  freeUnits,
  gaugeOf,
  gaugesOf,
  valuesOfSku,
  type WatchedSale,
} from "./figures.ts";
import type { Reading, Rule } from "./rule.ts";

const MINUTE = 60;
/** Fewer attempts per minute than this say nothing about the share that is refused. */
const MIN_ATTEMPTS = 50;

/** Answers that a person gets although everything works: they press in vain, or too often, or have their unit. */
const EXPECTED: ReadonlySet<string | undefined> = new Set([
  "accepted",
  "replayed",
  "no_such_order",
  "sold_out",
  "user_limit_reached",
  "sale_not_open",
  "sale_closed",
  "sale_paused",
  "ticket_required",
  "not_admitted_yet",
  "invalid_request",
  "idempotency_key_required",
  "idempotency_key_reused",
  "blocked",
  "rate_limited",
]);

/** The worst reading of the SKUs of each sale. */
export const worstOfSkus = (
  { sales }: AlertFigures,
  measure: (skuId: string, sale: WatchedSale) => number | undefined,
): Reading[] =>
  sales.flatMap((sale) => {
    const values = sale.skus.flatMap(({ id: skuId }) => {
      const value = measure(skuId, sale);
      return value === undefined ? [] : [{ about: `sale/${sale.id}`, value, skuId }];
    });
    return values.sort((a, b) => b.value - a.value).slice(0, 1);
  });

export const invariantBroken: Rule = {
  name: "invariant_broken",
  severity: "critical",
  title: "More units are held and sold than are stocked",
  unit: "units",
  afterSeconds: 0,
  advice:
    "Close the SKU by its switch. Compare GET /api/admin/skus/{sku}/ledger with its orders, then refund or restock.",
  // The free units are what the others leave of the stock. Whether a ledger's counters are those of its orders is for the report
  // of the sale, because that reads every row.
  evaluate: (figures) =>
    worstOfSkus(figures, (sku, { id: sale }) => {
      const free = valuesOfSku(figures.metrics, "units", sku, { sale, state: "available" });
      return free.length === 0 ? undefined : Math.max(0, -Math.min(...free));
    }),
};

export const noSale: Rule = {
  name: "no_sale",
  severity: "critical",
  title: "People press Buy and units are free, but nothing is sold",
  unit: "attempts",
  afterSeconds: 20,
  advice:
    "Read the refusals of the last minute in the console: sign-in, challenge, price, or the SKU's object. Try to buy.",
  evaluate: (figures) =>
    figures.sales
      .filter(({ isOpen }) => isOpen)
      .map((sale) => ({
        about: `sale/${sale.id}`,
        value: attemptsInVain(figures, sale),
      })),
};

/** Attempts of the last minute that should have got a unit, while none did. */
function attemptsInVain(
  { metrics }: AlertFigures,
  { id: sale, isStopped, skus }: WatchedSale,
): number {
  const onSale = skus.filter(({ isClosed }) => !isClosed);
  const free = onSale.map(({ id: sku }) => freeUnits(metrics, sale, sku));
  if (isStopped || !free.some((units = 0) => units > 0)) return 0;
  if (countOf(metrics, "orders", { sale, outcome: "accepted" }, MINUTE) > 0) return 0;
  // Nobody should be told so while every SKU has free units.
  const isSoldOutFalse = free.every((units = 0) => units > 0);
  return [
    ...countsOf(metrics, "funnel_refused", { sale }, MINUTE),
    ...countsOf(metrics, "orders", { sale }, MINUTE),
  ].reduce((sum, { labels: { reason, outcome }, count }) => {
    const answer = reason ?? outcome;
    const isExpected = EXPECTED.has(answer) && !(isSoldOutFalse && answer === "sold_out");
    return isExpected ? sum : sum + count;
  }, 0);
}

export const shedding: Rule = {
  name: "shedding",
  severity: "warning",
  title: "Attempts to buy are refused because an object is overloaded",
  unit: "share",
  afterSeconds: 10,
  advice:
    "Lower the rate of the sale's line, or its rate limits by the switch. It recovers within half a minute.",
  evaluate: ({ sales, metrics }) =>
    sales.map(({ id: sale }) => {
      const shed = countOf(metrics, "funnel_refused", { sale, stage: "shedding" }, MINUTE);
      const all =
        countOf(metrics, "funnel_refused", { sale }, MINUTE) +
        countOf(metrics, "funnel_passed", { sale }, MINUTE);
      return { about: `sale/${sale}`, value: all < MIN_ATTEMPTS ? 0 : shed / all };
    }),
};

export const lineStalled: Rule = {
  name: "line_stalled",
  severity: "critical",
  title: "People wait and units are free, but the line does not move",
  unit: "seconds",
  afterSeconds: 0,
  advice:
    "Look whether the line is paused or its rate is too low. Otherwise the beacon or the line's object is silent.",
  evaluate: (figures) =>
    figures.sales
      .filter(({ hasLine }) => hasLine)
      .map((sale) => ({
        about: `sale/${sale.id}`,
        value: secondsStill(figures, sale),
      })),
};

/** For how long nobody was admitted who could have been: at most as far back as the metrics were read. */
function secondsStill({ metrics, now }: AlertFigures, sale: WatchedSale): number {
  const { id, isOpen, isStopped, opensAt } = sale;
  const isFree = gaugesOf(metrics, "units", { sale: id, state: "available" }).some(
    ({ total }) => total > 0,
  );
  const waiting = gaugeOf(metrics, "line_people", { sale: id, state: "waiting" }) ?? 0;
  if (!isOpen || isStopped || !isFree || waiting === 0) return 0;
  const [admitted] = gaugesOf(metrics, "line_people", { sale: id, state: "admitted" });
  const points = admitted?.points ?? [];
  const changed = points.findLastIndex((value) => value !== null && value !== admitted?.total);
  // The value changed in the step after the last one in which it was different.
  const changedAt = metrics.from + (changed + 1) * metrics.stepSeconds * 1_000;
  return Math.max(0, now - Math.max(changedAt, opensAt)) / 1_000;
}
