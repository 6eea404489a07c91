// How a rehearsal is told: progress while it runs, then tables and verdicts, and the same as JSON.
import type { Ledger } from "../client.ts";
import { figure, percentile, table } from "../figures.ts";
import type { Verdict } from "./checks.ts";
import type { Record } from "./record.ts";

const BAR_WIDTH = 30;
const VIOLATIONS_SHOWN = 10;

/** The finished rehearsal in figures; what `--json` writes. */
export interface Result {
  url: string;
  sku: string;
  buyers: number;
  concurrency: number;
  /** Of the rush alone: signing in and checking are not in it. */
  seconds: number;
  requestsPerSecond: number;
  ledger: Ledger;
  outcomes: { [kind: string]: { [outcome: string]: number } };
  latencyMs: { [kind: string]: { p50: number; p90: number; p99: number; max: number } };
  verdicts: Verdict[];
}

/** Shows `done` of `total`: a bar that redraws itself on a terminal, a line a tenth elsewhere. */
export function progress(label: string, total: number): () => void {
  let done = 0;
  const tenth = Math.max(1, Math.ceil(total / 10));
  return () => {
    done += 1;
    const count = `${label} ${figure(done)}/${figure(total)}`;
    if (process.stdout.isTTY) {
      const full = Math.round((BAR_WIDTH * done) / total);
      const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
      process.stdout.write(`\r${bar} ${count}${done === total ? "\n" : ""}`);
    } else if (done % tenth === 0 || done === total) {
      console.log(count);
    }
  };
}

/** The record as the figures of a result. */
export function figures(record: Record): Pick<Result, "outcomes" | "latencyMs"> {
  const outcomes = [...record.outcomes].map(([kind, counts]) => [kind, Object.fromEntries(counts)]);
  const latencies = [...record.latencies].map(([kind, times]) => [
    kind,
    {
      p50: percentile(times, 0.5),
      p90: percentile(times, 0.9),
      p99: percentile(times, 0.99),
      max: percentile(times, 1),
    },
  ]);
  return { outcomes: Object.fromEntries(outcomes), latencyMs: Object.fromEntries(latencies) };
}

/** The result as text for a terminal. */
export function render(result: Result): string {
  const outcomes = Object.entries(result.outcomes).flatMap(([kind, counts]) =>
    Object.entries(counts).map(([what, count], row) => [
      row === 0 ? kind : "",
      what,
      figure(count),
    ]),
  );
  const latencies = Object.entries(result.latencyMs).map(([kind, { p50, p90, p99, max }]) => [
    kind,
    ...[p50, p90, p99, max].map((ms) => figure(ms, 1)),
  ]);
  const { stocked, available, held, sold, unacknowledged } = result.ledger;
  const speed = `${figure(result.requestsPerSecond)} requests/s`;
  return [
    "",
    table(["request", "answer", "count"], outcomes),
    "",
    table(["milliseconds", "p50", "p90", "p99", "max"], latencies),
    "",
    `${figure(result.buyers)} buyers in ${figure(result.seconds, 1)} s, ${speed}`,
    `ledger: ${stocked} stocked, ${available} available, ${held} held, ${sold} sold, ${unacknowledged} unacknowledged`,
    "",
    ...result.verdicts.flatMap(verdictLines),
    "",
  ].join("\n");
}

function verdictLines({ promise, violations }: Verdict): string[] {
  const more = violations.length - VIOLATIONS_SHOWN;
  return [
    `${violations.length === 0 ? "held  " : "BROKEN"}  ${promise}`,
    ...violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `          ${violation}`),
    ...(more > 0 ? [`          and ${figure(more)} more`] : []),
  ];
}
