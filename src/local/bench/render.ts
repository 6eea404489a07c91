// The bench's figures as tables.
import { median, percentile } from "../stats.ts";
import { formatNumber, formatTable } from "../terminal-format.ts";
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
    const ours = [formatNumber(median(of("ours", "perSecond")))];
    const microseconds = formatNumber(median(of("ours", "microseconds")));
    if (rounds[0]?.bare === undefined) return [name, ...ours, "", "", "", microseconds];
    return [
      ...[name, ...ours, formatNumber(median(of("bare", "perSecond")))],
      ...[
        formatNumber(median(speed), 2),
        `${formatNumber(percentile(speed, 0.25), 2)}–${formatNumber(percentile(speed, 0.75), 2)}`,
      ],
      ...[
        microseconds,
        formatNumber(median(of("bare", "microseconds"))),
        formatNumber(median(effort), 2),
      ],
    ];
  });
  const head = ["ours/s", "bare/s", "ratio", "middle half", "CPU µs", "bare", "CPU ratio"];
  return `\n${formatTable(["median of rounds", ...head], rows)}\n`;
}

/** What each request costs, and each batch. */
export function renderCosts(list: Row[], costs: (CostPerRequest | undefined)[]): string {
  const split = ({ request, behind }: { request: number; behind: number }) =>
    behind === 0
      ? formatNumber(request, 3)
      : `${formatNumber(request, 3)} + ${formatNumber(behind, 3)}`;
  const rows = costs.flatMap((cost, at) => {
    if (cost === undefined) return [];
    const { redisTrips, redisCommands, objectCalls, rowsWritten, alarmsSet, queueMessages } = cost;
    return [
      [
        (list[at] as Row).name.split(" ÷ ")[0] as string,
        ...[redisTrips, redisCommands, objectCalls].map(split),
        formatNumber(rowsWritten, 2),
        formatNumber(alarmsSet, 3),
        formatNumber(queueMessages, 2),
      ],
    ];
  });
  const head = ["Redis trips", "commands", "object calls", "rows", "alarms", "messages"];
  const legend = "(a + b: on the request's path + behind it, until acknowledged)";
  return `${formatTable(["counted, per request", ...head], rows)}\n${legend}\n\n${renderBatches(list, costs)}\n`;
}

function renderBatches(list: Row[], costs: (CostPerRequest | undefined)[]): string {
  const rows = costs.flatMap((cost, at) => {
    if (cost?.perBatch === undefined) return [];
    const { orders, redisTrips, objectCalls } = cost.perBatch;
    const figures = [orders, redisTrips, objectCalls].map((value) => formatNumber(value, 2));
    return [[(list[at] as Row).name.split(" ÷ ")[0] as string, ...figures]];
  });
  return formatTable(
    ["counted, per batch of the consumer", "orders", "Redis trips", "object calls"],
    rows,
  );
}
