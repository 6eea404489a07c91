// The figures of a fault: what buyers got while it lasted, and how soon it was noticed and over.
import { percentile } from "../stats.ts";
import { formatNumber, formatTable } from "../terminal-format.ts";
import type { Played } from "./game.ts";
import { CLASSES, type Class, type Sample } from "./samples.ts";

/** The columns of the table, each with its text for one fault. */
export const COLUMNS: readonly (readonly [string, (played: Played) => string])[] = [
  ["fault", ({ title }) => title],
  ...CLASSES.map((name) => [name, (played: Played) => String(countOf(played, name))] as const),
  ["p50 ms", (played) => latency(played, 0.5)],
  ["p99 ms", (played) => latency(played, 0.99)],
  ["not ready after", ({ noticed }) => seconds(noticed.readyzMs)],
  ["alert after", ({ noticed: { alert } }) => (alert ? `${seconds(alert.ms)} ${alert.rule}` : "–")],
  ["recovered after", ({ recoveredMs }) => seconds(recoveredMs)],
  [
    "settled after",
    ({ settledMs }) => (settledMs === undefined ? "not in time" : seconds(settledMs)),
  ],
  ["promises", ({ proofs }) => promises(proofs)],
];

export const asTable = (all: Played[]): string =>
  formatTable(
    COLUMNS.map(([name]) => name),
    all.map((played) => COLUMNS.map(([, text]) => text(played))),
  );

/** Every violation of every fault. */
export const violations = (all: Played[]): string[] =>
  all.flatMap(({ name, proofs }) =>
    proofs.flatMap((proof) => proof.violations.map((text) => `${name}: ${proof.claim}: ${text}`)),
  );

/** The answers to orders while the fault lasted. */
const during = ({ samples, beganAt, endedAt }: Played): Sample[] =>
  samples.filter(({ at }) => at >= beganAt && at <= endedAt);

const countOf = (played: Played, name: Class): number =>
  during(played).filter((sample) => sample.class === name).length;

function latency(played: Played, share: number): string {
  const answered = during(played).filter((sample) => sample.class !== "no answer");
  return formatNumber(
    percentile(
      answered.map(({ ms }) => ms),
      share,
    ),
  );
}

const seconds = (ms: number | undefined): string =>
  ms === undefined ? "–" : `${formatNumber(ms / 1_000, 1)} s`;

function promises(proofs: Played["proofs"]): string {
  const broken = proofs.filter(({ status }) => status === "broken").length;
  return broken === 0 ? `${proofs.length} held` : `${broken} of ${proofs.length} broken`;
}
