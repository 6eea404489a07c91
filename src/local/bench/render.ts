// Formats the results as tables.
import { median, percentile } from "../stats.ts";
import { formatNumber, formatTable } from "../terminal-format.ts";
import type { ColdStart } from "./cold-start.ts";
import type { ColoCost } from "./colo.ts";
import type { CostPerRequest, SplitCost } from "./cost.ts";
import type { ModelCheck } from "./cost-model.ts";
import type { CountingCost } from "./counting.ts";
import type { LaneGrowth, LaneRound } from "./lanes/measure.ts";
import type { CrowdCost } from "./line-simulation.ts";
import type { Outcome } from "./outcome.ts";
import type { PaymentPace } from "./payments.ts";
import { labelOf, type Row } from "./row.ts";
import type { Measurement, Round } from "./timing.ts";
import type { Wake, WakeCost } from "./wake.ts";

const TIMING_COLUMNS = [
  "req/s",
  "baseline req/s",
  "ratio",
  "quartiles",
  "CPU µs",
  "baseline CPU µs",
  "CPU ratio",
];
const COST_COLUMNS = [
  "Redis trips",
  "commands",
  "object calls",
  "rows",
  "alarms",
  "messages",
  "queue ops",
];

/**
 * A table of speeds. Every figure is a median over the rounds, and a ratio is the median of each round's ratio. A ratio
 * above 1 means that Doorbuster is faster, or takes less CPU time, than its baseline.
 */
export function renderTimings(rows: Row[], outcomes: Outcome<Round[]>[]): string {
  const lines = outcomes.map((outcome, index) => [
    labelOf(rows[index] as Row),
    ...(outcome.ok ? timingCells(outcome.value) : ["failed"]),
  ]);
  return formatTable(["median of rounds", ...TIMING_COLUMNS], lines);
}

function timingCells(rounds: Round[]): string[] {
  const values = (what: keyof Measurement) => rounds.map(({ subject }) => subject[what]);
  const perSecond = formatNumber(median(values("perSecond")));
  const cpuMicros = formatNumber(median(values("cpuMicros")));
  const pairs = rounds.flatMap(({ subject, baseline }) =>
    baseline ? [{ subject, baseline }] : [],
  );
  if (pairs.length === 0) return [perSecond, "", "", "", cpuMicros];
  const ofBaseline = (what: keyof Measurement) =>
    formatNumber(median(pairs.map(({ baseline }) => baseline[what])));
  const speed = pairs.map(({ subject, baseline }) => subject.perSecond / baseline.perSecond);
  const economy = pairs.map(({ subject, baseline }) => baseline.cpuMicros / subject.cpuMicros);
  return [
    ...[perSecond, ofBaseline("perSecond"), formatNumber(median(speed), 2), quartilesOf(speed)],
    ...[cpuMicros, ofBaseline("cpuMicros"), formatNumber(median(economy), 2)],
  ];
}

const quartilesOf = (ratios: number[]): string =>
  [0.25, 0.75].map((share) => formatNumber(percentile(ratios, share), 2)).join("–");

/** A table of what counting adds to the CPU time of a request. */
export function renderCounting(costs: CountingCost[]): string {
  const lines = costs.map(({ name, cpuMicros, uncountedCpuMicros, share, between }) => [
    name,
    ...[formatNumber(cpuMicros), formatNumber(uncountedCpuMicros)],
    `${formatNumber(100 * share, 1)} %`,
    `${between.map((bound) => formatNumber(100 * bound, 1)).join(" to ")} %`,
  ]);
  const columns = ["CPU µs", "without", "more", "confidence 95 %"];
  return formatTable(["counting, median of pairs", ...columns], lines);
}

/** A table of what visitors who only look cost Redis in one colo. */
export function renderColo(costs: ColoCost[]): string {
  const lines = costs.map(({ name, seconds, commandsPerSecond, roundTripsPerSecond }) => [
    name,
    ...[formatNumber(seconds), formatNumber(commandsPerSecond, 3)],
    formatNumber(roundTripsPerSecond, 3),
  ]);
  const columns = ["seconds", "commands per second", "trips per second"];
  return formatTable(["Redis, watched colo", ...columns], lines);
}

/** A table of what each request costs, and one of what each batch of the consumer costs. */
export function renderCosts(rows: Row[], outcomes: Outcome<CostPerRequest | undefined>[]): string {
  const perRequest: string[][] = [];
  const perBatch: string[][] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const { name } = rows[index] as Row;
    if (!outcome.ok) perRequest.push([name, "failed"]);
    else if (outcome.value) perRequest.push([name, ...costCells(outcome.value)]);
    if (!outcome.ok || !outcome.value?.perBatch) continue;
    const { orders, redisTrips, objectCalls } = outcome.value.perBatch;
    perBatch.push([
      name,
      ...[orders, redisTrips, objectCalls].map((value) => formatNumber(value, 2)),
    ]);
  }
  return [
    formatTable(["counted per request", ...COST_COLUMNS], perRequest),
    "(a + b: a before the response, b after it until the order is acknowledged)\n",
    formatTable(["counted per consumer batch", "orders", "Redis trips", "object calls"], perBatch),
  ].join("\n");
}

function costCells(cost: CostPerRequest): string[] {
  const split = ({ before, after }: SplitCost) =>
    after === 0
      ? formatNumber(before, 3)
      : `${formatNumber(before, 3)} + ${formatNumber(after, 3)}`;
  return [
    ...[cost.redisTrips, cost.redisCommands, cost.objectCalls].map(split),
    formatNumber(cost.rowsWritten, 2),
    formatNumber(cost.alarmsSet, 3),
    formatNumber(cost.queueMessages, 2),
    formatNumber(cost.queueOperations, 2),
  ];
}

/** A sentence about the pace of payments. */
export function renderPayments(pace: PaymentPace): string {
  const { orders, allowedPerSecond, perSecond, limited, settledSeconds } = pace;
  const rate = `${formatNumber(perSecond, 1)} a second, ${formatNumber(perSecond / allowedPerSecond, 2)}`;
  return (
    `${orders} paid orders at once: charged at ${rate} of the ${allowedPerSecond} that are allowed, ` +
    `all settled after ${formatNumber(settledSeconds, 1)} s, ${limited} requests refused by the provider`
  );
}

/** Sentences about waking an object that sold a lot. */
export function renderWake({ orders, counting, later, ...bytes }: WakeCost): string {
  const wake = ({ ms, rowsRead, memory }: Wake) =>
    `${formatNumber(ms)} ms, ${formatNumber(rowsRead)} rows read, ` +
    `${formatNumber(memory / 1_000_000, 1)} MB more memory`;
  return [
    `an object with ${formatNumber(orders)} finished orders wakes: ${wake(later)}`,
    `the first time after an upgrade, when it counts them: ${wake(counting)}`,
    `a free order takes ${formatNumber(bytes.bytesPerOrder)} bytes, a paid one ${formatNumber(bytes.bytesPerPaidOrder)}`,
  ].join("\n");
}

/** A table of what the first answer takes. */
export function renderColdStarts(starts: ColdStart[]): string {
  const lines = starts.map(({ name, ms, cpuMs }) => [name, formatNumber(ms), formatNumber(cpuMs)]);
  return formatTable(["start of workerd to the first answer", "ms", "CPU ms"], lines);
}

/** A table of what crowds of several sizes cost the line that they wait in. */
export function renderCrowds(crowds: CrowdCost[]): string {
  const lines = crowds.map((crowd) => [
    `${formatNumber(crowd.people)} people join in 10 s and wait for 10 min`,
    ...[crowd.registered, crowd.reports, crowd.largestReport, crowd.sampleSize].map((value) =>
      formatNumber(value),
    ),
    ...[crowd.storedBytes, crowd.publishedBytes].map((value) => formatNumber(value)),
    formatNumber(crowd.ticks),
    formatNumber(crowd.looks),
  ]);
  const columns = [
    ...["counted", "controller calls", "most arrivals in one", "arrivals in memory"],
    ...["bytes stored", "bytes published", "ticks", "looks at the line"],
  ];
  return `${formatTable(["simulated line", ...columns], lines)}\n(no look calls an object: see the row "wait in a line")`;
}

/** A table of how the orders of one SKU grow with its lanes. A linear growth has the ratio of the number of lanes. */
export function renderLanes(growths: LaneGrowth[]): string {
  const lines = growths.map(({ storage, lanes, isPooling, rounds }) => {
    const middle = (side: "subject" | "baseline", what: keyof LaneRound, digits = 0) =>
      formatNumber(median(rounds.map((round) => round[side][what])), digits);
    const ratios = rounds.map(({ subject, baseline }) => subject.perSecond / baseline.perSecond);
    return [
      `${lanes === 1 ? "1 lane" : `${lanes} lanes`} on ${storage}${isPooling ? ", the last units" : ""}`,
      ...[middle("subject", "perSecond"), middle("baseline", "perSecond")],
      ...[formatNumber(median(ratios), 2), quartilesOf(ratios)],
      ...[middle("subject", "rowsPerOrder", 2), middle("baseline", "rowsPerOrder", 2)],
      middle("subject", "callsPerOrder", 2),
    ];
  });
  const columns = [
    ...["orders/s", "baseline orders/s", "ratio", "quartiles"],
    ...["rows", "baseline rows", "calls between objects"],
  ];
  return [
    formatTable(["one SKU ÷ the same without lanes", ...columns], lines),
    "(rows and calls are per order; each lane has a process, and HTTP stands in for Cloudflare's calls between objects)",
  ].join("\n");
}

/** A table of the constants of the cost model beside what was counted. What costs nothing, as it should, has one line. */
export function renderModel(checks: ModelCheck[]): string {
  const shown = checks.filter(({ model, agrees }) => model > 0 || !agrees);
  const lines = shown.map(({ what, model, counted, agrees }) => [
    what,
    ...[formatNumber(model, 2), formatNumber(counted, 2), agrees ? "yes" : "NO"],
  ]);
  return [
    formatTable(["cost model", "model", "counted", "agrees"], lines),
    `(${checks.length - shown.length} other counts are nothing, as in the model)`,
  ].join("\n");
}

/** Lists the failed rows with their reasons. */
export function renderFailures(failures: { name: string; reason: string }[]): string {
  return ["Failed rows:", ...failures.map(({ name, reason }) => `- ${name}: ${reason}`)].join("\n");
}
