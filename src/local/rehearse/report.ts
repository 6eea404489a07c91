// How a finished rehearsal is told to somebody at a terminal.
import type { Money } from "../client.ts";
import { formatNumber, formatTable } from "../terminal-format.ts";
import type { Verdict } from "./proofs/verdicts.ts";
import type { CrowdResult, Result, SkuResult } from "./result.ts";

const VIOLATIONS_SHOWN = 10;

/** The result as text. */
export function render(result: Result): string {
  const { outcomes, latencyMs, crowd, skus, notes, verdicts } = result;
  const speed = `${formatNumber(result.requestsPerSecond)} requests/s`;
  return [
    "",
    formatTable(["request", "answer", "count"], outcomeRows(outcomes)),
    "",
    formatTable(["milliseconds", "p50", "p90", "p99", "max"], latencyRows(latencyMs)),
    "",
    formatTable(["SKU", ...LEDGER, ...STATUSES, "money kept", "settled"], skus.map(skuRow)),
    "",
    ...(crowd.length > 1 ? [...crowdLines(crowd), ""] : []),
    `${formatNumber(result.buyers)} buyers in the rush in ${formatNumber(result.seconds, 1)} s, ${speed}`,
    ...notes,
    "",
    ...verdicts.flatMap(verdictLines),
    "",
  ].join("\n");
}

function outcomeRows(outcomes: Result["outcomes"]): string[][] {
  return Object.entries(outcomes).flatMap(([kind, counts]) =>
    Object.entries(counts).map(([what, count], row) => [
      row === 0 ? kind : "",
      what,
      formatNumber(count),
    ]),
  );
}

function latencyRows(latencies: Result["latencyMs"]): string[][] {
  return Object.entries(latencies).map(([kind, { p50, p90, p99, max }]) => [
    kind,
    ...[p50, p90, p99, max].map((ms) => formatNumber(ms, 1)),
  ]);
}

const LEDGER = ["stocked", "available", "held", "sold"] as const;
const STATUSES = ["confirmed", "cancelled", "expired", "refunded"];

function skuRow({ id, ledger, orders, moneyKept, settledMs }: SkuResult): string[] {
  return [
    id,
    ...LEDGER.map((name) => formatNumber(ledger[name])),
    ...STATUSES.map((status) => formatNumber(orders[status] ?? 0)),
    moneyKept === undefined ? "unknown" : price(moneyKept),
    settledMs === undefined ? "never" : `${formatNumber(settledMs / 1_000, 1)} s`,
  ];
}

function price({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0));
}

function crowdLines(crowd: CrowdResult[]): string[] {
  const rows = crowd.map(({ kind, count, attempts, units, answers }) => [
    kind,
    formatNumber(count),
    formatNumber(units),
    formatNumber(units / count, 2),
    formatNumber(attempts),
    Object.entries(answers)
      .map(([what, times]) => `${what} ${formatNumber(times)}`)
      .join(", "),
  ]);
  return [formatTable(["who", "how many", "units", "each", "attempts", "answers"], rows)];
}

function verdictLines({ promise, violations }: Verdict): string[] {
  const more = violations.length - VIOLATIONS_SHOWN;
  return [
    `${violations.length === 0 ? "held  " : "BROKEN"}  ${promise}`,
    ...violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `          ${violation}`),
    ...(more > 0 ? [`          and ${formatNumber(more)} more`] : []),
  ];
}
