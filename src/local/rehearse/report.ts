// Formats the result of a rehearsal for a terminal.
import { formatMoney } from "../../pages/format.ts";
import { formatNumber, formatTable } from "../terminal-format.ts";
import type { ProofResult, ProofStatus } from "./proofs/verify.ts";
import type { Pace } from "./recorder.ts";
import type { CrowdResult, Result, SkuResult } from "./result.ts";

const VIOLATIONS_SHOWN = 10;

export function render(result: Result): string {
  const { outcomes, latencyMs, crowd, skus, notes, proofs } = result;
  const throughput = `${formatNumber(result.requestsPerSecond)} requests/s`;
  return [
    "",
    formatTable(["request", "answer", "count"], outcomeRows(outcomes)),
    "",
    formatTable(["latency in ms", "p50", "p90", "p99", "max"], latencyRows(latencyMs)),
    "",
    formatTable(["SKU", ...LEDGER, ...STATUSES, "money kept", "final after"], skus.map(skuRow)),
    "",
    ...(crowd.length > 1 ? [crowdTable(crowd), ""] : []),
    `${result.scenario}: ${formatNumber(result.buyers)} buyers in ${formatNumber(result.seconds, 1)} s, ${throughput}`,
    ...(result.pace ? paceLines(result.pace) : []),
    `Payments by ${result.provider}; repeat the random choices with --seed ${result.seed}`,
    ...notes,
    "",
    ...proofs.flatMap(proofLines),
    "",
    totals(proofs),
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

function skuRow({ id, ledger, orders, moneyKept, finalAfterMs }: SkuResult): string[] {
  return [
    id,
    ...LEDGER.map((name) => formatNumber(ledger[name])),
    ...STATUSES.map((status) => formatNumber(orders[status] ?? 0)),
    moneyKept === undefined ? "unknown" : formatMoney(moneyKept),
    finalAfterMs === undefined ? "never" : `${formatNumber(finalAfterMs / 1_000, 1)} s`,
  ];
}

function crowdTable(crowd: CrowdResult[]): string {
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
  return formatTable(["buyers", "count", "units", "units each", "attempts", "answers"], rows);
}

function paceLines({ allowedPerSecond, charges, seconds, free }: Pace): string[] {
  const perSecond = (charges - 1) / seconds;
  const share = formatNumber(perSecond / allowedPerSecond, 2);
  const after = (ms: number) => `${formatNumber(ms)} ms`;
  return [
    `Paid drop: ${formatNumber(charges)} payments at ${formatNumber(perSecond, 1)} a second, ${share} of the ` +
      `${allowedPerSecond} that are allowed`,
    `Free orders were confirmed after ${after(free.aloneMs)} alone, and after ${after(free.inLineMs)} while the paid ones waited in line`,
    `During a rush: after ${after(free.besideUnpaidMs)} beside orders that nobody pays, and after ${after(free.besidePaidMs)} beside as many paid ones`,
  ];
}

const LABELS: { [status in ProofStatus]: string } = {
  held: "held",
  broken: "BROKEN",
  "not observed": "not observed",
};
const LABEL_WIDTH = Math.max(...Object.values(LABELS).map((label) => label.length));

function proofLines({ claim, status, violations, reason }: ProofResult): string[] {
  const more = violations.length - VIOLATIONS_SHOWN;
  const indent = " ".repeat(LABEL_WIDTH + 4);
  return [
    `${LABELS[status].padEnd(LABEL_WIDTH)}  ${claim}`,
    ...(reason === undefined ? [] : [indent + reason]),
    ...violations.slice(0, VIOLATIONS_SHOWN).map((violation) => indent + violation),
    ...(more > 0 ? [`${indent}and ${formatNumber(more)} more`] : []),
  ];
}

function totals(proofs: ProofResult[]): string {
  const count = (wanted: ProofStatus) => proofs.filter(({ status }) => status === wanted).length;
  const [held, broken, notObserved] = [count("held"), count("broken"), count("not observed")];
  return `${formatNumber(proofs.length)} proofs: ${held} held, ${broken} broken, ${notObserved} not observed`;
}

/** Where an operator sees the rehearsal from the other side. */
export const whatToLookAt = (url: string): string =>
  [
    "What to look at:",
    `  ${url}/admin/log      one entry for each grant, and who made it`,
    `  ${url}/admin          the attempts of the last minute, refusals, latency, and breakers during the rush`,
    `  ${url}/admin/alerts   whether an alert fired that should not have, or none where one should have`,
    "  Cloudflare and Upstash: errors, CPU time, and commands of the same minutes, and what they cost",
    "The rehearsal's sales are removed. A command that was killed leaves them until ten minutes after their end.",
  ].join("\n");
