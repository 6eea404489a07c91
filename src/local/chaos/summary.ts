// The figures of a fault: what buyers got while it lasted, and how soon it was noticed and over.
import { percentile } from "../stats.ts";
import { formatNumber, formatTable } from "../terminal-format.ts";
import type { Played } from "./game.ts";
import { CLASSES, type Class, type Sample } from "./samples.ts";

/** How many violations of one promise are shown. The file of `--json` has all. */
const MAX_VIOLATIONS = 5;

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

/** The first violations of each promise that each fault broke. One cause can break a promise for hundreds of orders. */
export const violations = (all: Played[]): string[] =>
  all.flatMap(({ name, proofs }) =>
    proofs.flatMap(({ claim, violations }) => {
      const more = violations.length - MAX_VIOLATIONS;
      const texts = violations.slice(0, MAX_VIOLATIONS);
      if (more > 0) texts.push(`and ${more} more`);
      return texts.map((text) => `${name}: ${claim}: ${text}`);
    }),
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
