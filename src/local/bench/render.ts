// The bench's figures as tables.
import { figure, median, percentile, table } from "../figures.ts";
import type { CostPerRequest } from "./cost.ts";
import type { Row } from "./rows.ts";
import type { Pace, Round } from "./timing.ts";

/** Medians over the rounds; a ratio is the median of the rounds' own ratios, above 1 where we win. */
export function renderTimings(list: Row[], timings: Round[][]): string {
  const rows = timings.map((rounds, at) => {
    const of = (side: "ours" | "bare", what: keyof Pace) =>
      rounds.flatMap((round) => round[side]?.[what] ?? []);
    const ratio = (what: keyof Pace) =>
      of("ours", what).map((ours, round) => ours / (of("bare", what)[round] as number));
    const speed = ratio("perSecond");
    const effort = ratio("microseconds").map((share) => 1 / share);
    const name = list[at]?.name ?? "";
    const ours = [figure(median(of("ours", "perSecond")))];
    const microseconds = figure(median(of("ours", "microseconds")));
    if (rounds[0]?.bare === undefined) return [name, ...ours, "", "", "", microseconds];
    return [
      ...[name, ...ours, figure(median(of("bare", "perSecond")))],
      ...[
        figure(median(speed), 2),
        `${figure(percentile(speed, 0.25), 2)}–${figure(percentile(speed, 0.75), 2)}`,
      ],
      ...[microseconds, figure(median(of("bare", "microseconds"))), figure(median(effort), 2)],
    ];
  });
  const head = ["ours/s", "bare/s", "ratio", "middle half", "CPU µs", "bare", "CPU ratio"];
  return `\n${table(["median of rounds", ...head], rows)}\n`;
}

/** What each request costs, and each batch. */
export function renderCosts(list: Row[], costs: (CostPerRequest | undefined)[]): string {
  const split = ({ request, behind }: { request: number; behind: number }) =>
    behind === 0 ? figure(request, 3) : `${figure(request, 3)} + ${figure(behind, 3)}`;
  const rows = costs.flatMap((cost, at) => {
    if (cost === undefined) return [];
    const { redisTrips, redisCommands, objectCalls, rowsWritten, alarmsSet, queueMessages } = cost;
    return [
      [
        (list[at] as Row).name.split(" ÷ ")[0] as string,
        ...[redisTrips, redisCommands, objectCalls].map(split),
        figure(rowsWritten, 2),
        figure(alarmsSet, 3),
        figure(queueMessages, 2),
      ],
    ];
  });
  const head = ["Redis trips", "commands", "object calls", "rows", "alarms", "messages"];
  const legend = "(a + b: on the request's path + behind it, until acknowledged)";
  return `${table(["counted, per request", ...head], rows)}\n${legend}\n\n${renderBatches(list, costs)}\n`;
}

function renderBatches(list: Row[], costs: (CostPerRequest | undefined)[]): string {
  const rows = costs.flatMap((cost, at) => {
    if (cost?.perBatch === undefined) return [];
    const { orders, redisTrips, objectCalls } = cost.perBatch;
    const figures = [orders, redisTrips, objectCalls].map((value) => figure(value, 2));
    return [[(list[at] as Row).name.split(" ÷ ")[0] as string, ...figures]];
  });
  return table(
    ["counted, per batch of the consumer", "orders", "Redis trips", "object calls"],
    rows,
  );
}
