// Reads an outcome: the time it took, the refusals, and the load of each part against its limit.
import { formatNumber, formatTable } from "../terminal-format.ts";
import type { Server } from "./server.ts";
import type { Outcome } from "./simulate.ts";
import type { Figures, Validation } from "./validate.ts";

/** From this share of its limit on, a part counts as full. */
const FULL = 0.95;
const MINUTE_S = 60;

/** A part, and what it did of what it can do, in each second: 1 is its limit. */
export interface Load {
  name: string;
  limit: string;
  perSecond: number[];
  peak: number;
  /** From the opening until the last unit was taken, or the last answer. */
  mean: number;
  /** The second in which it was full first. */
  fullAfter: number | undefined;
}

const per = (limit: number, what: string) => `${formatNumber(limit)} ${what}/s`;

/** The parts that have a limit. Of the lanes, the root and the busiest other one. */
export function loadsOf(outcome: Outcome): Load[] {
  const { redis, lanes, queue, provider } = outcome;
  const [root, ...others] = lanes as [Server, ...Server[]];
  const [busiest] = others.toSorted((a, b) => b.total - a.total);
  return [
    loadOf(outcome, redis, "commands"),
    loadOf(outcome, root, "calls"),
    ...(busiest ? [loadOf(outcome, busiest, "calls")] : []),
    loadOf(outcome, queue, "messages"),
    ...(provider.total > 0 ? [loadOf(outcome, provider, "payments")] : []),
  ];
}

function loadOf(outcome: Outcome, { name, perSecond: limit, done }: Server, what: string): Load {
  const perSecond = done.map((work) => work / limit);
  const selling = perSecond.slice(0, Math.ceil(sellingSeconds(outcome)));
  const fullAfter = perSecond.findIndex((load) => load >= FULL);
  return {
    ...{ name, limit: per(limit, what), perSecond },
    peak: Math.max(0, ...perSecond),
    mean: selling.reduce((sum, load) => sum + load, 0) / Math.max(1, selling.length),
    fullAfter: fullAfter === -1 ? undefined : fullAfter,
  };
}

const sellingSeconds = ({ tally }: Outcome): number =>
  (tally.soldOutAt ?? tally.lastAnswerAt) / 1_000;

/** Orders per second from the opening to the sell-out, or to the last answer. */
export const ordersPerSecond = (outcome: Outcome): number =>
  outcome.tally.accepted / Math.max(0.001, sellingSeconds(outcome));

/** Isolates that the busiest second needs. */
export const isolatesOf = ({ edges, limits }: Outcome): number =>
  Math.ceil(Math.max(0, ...edges.done) / limits.isolatePerSecond);

/** The results, one sentence each. */
export function sentences(outcome: Outcome): string[] {
  const { scenario, tally, edges } = outcome;
  const { people, stock, colos, lanes, seconds, isPaid, linePerSecond } = scenario;
  const come =
    linePerSecond === undefined
      ? `all press Buy within ${formatNumber(seconds)} s`
      : `a line admits ${formatNumber(linePerSecond)} a second`;
  const late = tally.latePayments;
  return [
    `${formatNumber(people)} people, ${formatNumber(stock)} ${isPaid ? "paid" : "free"} units, ${formatNumber(colos)} colos, ` +
      `${lanes === 1 ? "one lane" : `${lanes} lanes`}; ${come}.`,
    tally.soldOutAt === undefined
      ? `Not sold out: ${formatNumber(tally.accepted)} units were taken.`
      : `Sold out after ${duration(tally.soldOutAt)}, at ${formatNumber(ordersPerSecond(outcome))} orders a second.`,
    `Everybody who pressed Buy had an answer after ${duration(tally.lastAnswerAt)}; every order was settled after ${duration(tally.settledAt)}.`,
    `${formatNumber(tally.attempts)} attempts. Refused: ${refusalsOf(tally.refusals)}. ` +
      `${formatNumber(tally.toldByPage)} people gave up after a 503, because their page showed that everything was sold.`,
    `${formatNumber(tally.uncounted)} attempts were counted by their colo, because Redis refused or its breaker was open.`,
    `The edges answered ${formatNumber(Math.max(0, ...edges.done))} requests in their busiest second, which takes ${formatNumber(isolatesOf(outcome))} isolates.`,
    ...(late > 0
      ? [
          `${formatNumber(late)} payments would start after more than 30 minutes, when their holds have ended: too many for this pace.`,
        ]
      : []),
    bottleneck(outcome),
  ];
}

/** Which part was full first, and which one was the busiest until the sell-out. */
function bottleneck(outcome: Outcome): string {
  const loads = loadsOf(outcome);
  const [first] = loads
    .filter(({ fullAfter }) => fullAfter !== undefined)
    .toSorted((a, b) => (a.fullAfter ?? 0) - (b.fullAfter ?? 0));
  const [busiest] = loads.toSorted((a, b) => b.mean - a.mean) as [Load];
  return first === undefined
    ? `No part reached its limit. The busiest was ${busiest.name}, at ${percent(busiest.mean)}.`
    : `First at its limit: ${first.name}, in second ${first.fullAfter}. Busiest until the sell-out: ${busiest.name}, at ${percent(busiest.mean)}.`;
}

const refusalsOf = (refusals: ReadonlyMap<string, number>): string =>
  [...refusals].map(([reason, count]) => `${formatNumber(count)} ${reason}`).join(", ") || "none";

export function duration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 2 * MINUTE_S) return `${formatNumber(seconds, 1)} s`;
  const minutes = seconds / MINUTE_S;
  return minutes < 2 * MINUTE_S
    ? `${formatNumber(minutes, 1)} min`
    : `${formatNumber(minutes / MINUTE_S, 1)} h`;
}

export const percent = (share: number): string => `${formatNumber(100 * share)} %`;

export const LOAD_HEAD = ["part", "limit", "mean until sold out", "peak", "full in second"];

export const loadRow = ({ name, limit, mean, peak, fullAfter }: Load): string[] => [
  ...[name, limit, percent(mean), percent(peak)],
  fullAfter === undefined ? "–" : formatNumber(fullAfter),
];

export const render = (outcome: Outcome): string =>
  ["", ...sentences(outcome), "", formatTable(LOAD_HEAD, loadsOf(outcome).map(loadRow)), ""].join(
    "\n",
  );

export const LANES_HEAD = [
  "lanes",
  "orders/s",
  "sold out after",
  "calls between lanes",
  "queue",
  "Redis",
];

/** One simulation with another number of lanes. */
export function lanesRow(outcome: Outcome): string[] {
  const { scenario, tally } = outcome;
  const mean = (wanted: string) =>
    percent(loadsOf(outcome).find(({ name }) => name === wanted)?.mean ?? 0);
  return [
    ...[formatNumber(scenario.lanes), formatNumber(ordersPerSecond(outcome))],
    tally.soldOutAt === undefined ? "–" : duration(tally.soldOutAt),
    ...[formatNumber(tally.laneCalls), mean("queue"), mean("Redis")],
  ];
}

/** The most that a simulation may differ from the real run. */
const MOST_DIFFERENCE = 0.15;

/**
 * Shown, and not judged. On one thread, how many lanes can ask for units by one call depends on what else runs at that moment,
 * which the simulation does not know.
 */
const LANE_CALLS = "calls between lanes";

/** A figure of the real run, and of its simulation. */
interface Compared {
  name: string;
  real: number;
  simulated: number;
}

export function compared({ real, simulated }: Validation): Compared[] {
  const reasons = [...new Set([...real.refusals.keys(), ...simulated.refusals.keys()])].sort();
  const figures: [string, (figures: Figures) => number][] = [
    ["seconds to sell out", ({ soldOutMs }) => soldOutMs / 1_000],
    ["orders/s", ({ accepted, soldOutMs }) => (1_000 * accepted) / soldOutMs],
    ["accepted", ({ accepted }) => accepted],
    ...reasons.map((reason): [string, (figures: Figures) => number] => [
      `refused: ${reason}`,
      ({ refusals }) => refusals.get(reason) ?? 0,
    ]),
    ["Redis commands", ({ redisCommands }) => redisCommands],
    ["queue operations", ({ queueOperations }) => queueOperations],
    [LANE_CALLS, ({ laneCalls }) => laneCalls],
  ];
  return figures.map(([name, of]) => ({ name, real: of(real), simulated: of(simulated) }));
}

const differenceOf = ({ real, simulated }: Compared): number =>
  real === 0 ? (simulated === 0 ? 0 : Number.POSITIVE_INFINITY) : simulated / real - 1;

export const isValid = (validation: Validation): boolean =>
  compared(validation).every(
    (figure) => figure.name === LANE_CALLS || Math.abs(differenceOf(figure)) <= MOST_DIFFERENCE,
  );

export function renderValidation(validation: Validation): string {
  const { lanes, measured } = validation;
  const { objectPerSecond, isolatePerSecond } = measured;
  const rows = compared(validation).map((figure) => [
    ...[figure.name, formatNumber(figure.real, 1), formatNumber(figure.simulated, 1)],
    percent(differenceOf(figure)),
  ]);
  return [
    "",
    lanes === 1 ? "Without lanes." : `With ${lanes} lanes, all in one process.`,
    `Measured here: ${formatNumber(objectPerSecond)} attempts/s that reach the object, ${formatNumber(isolatePerSecond)} refusals/s from memory.`,
    "",
    formatTable(["", "real", "simulated", "difference"], rows),
    "",
    isValid(validation) ? "Every figure is within 15 %." : "A figure differs by more than 15 %.",
    ...(lanes === 1 ? [] : ["The calls between lanes are not judged: see the README."]),
  ].join("\n");
}
