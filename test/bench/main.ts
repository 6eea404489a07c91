// `npm run bench`: Doorbuster held against the barest Worker that could do the same, both in one
// workerd, driven in turn. Prints medians and ratios; they are figures, never a test.
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { figure, median, table } from "../../src/local/figures.ts";
import { type CostPerRequest, countCosts } from "./cost.ts";
import { drive } from "./drive.ts";
import { ROWS, type Row, type Side } from "./rows.ts";
import { type Stage, settled, startStage } from "./stage.ts";

const HELP = `npm run bench -- [--rounds N] [--json FILE]

  --rounds N   rounds of each row, at least 1 (default 7); medians are over rounds
  --json FILE  also write the figures as JSON
`;

/** Requests a second in each round, and ours ÷ bare round by round. Empty where there is no bare. */
interface Timing {
  ours: number[];
  bare: number[];
  ratio: number[];
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = read();
  if (options === undefined || options.help) {
    console.log(HELP);
    return options?.help ? 0 : 2;
  }
  const rounds = Number(options.rounds);
  const costs = await countCosts(ROWS);
  const timings = await timeRows(rounds);
  console.log(renderTimings(timings));
  console.log(renderCosts(costs));
  if (options.json !== undefined) {
    const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
    const rows = ROWS.map(({ name }, at) => ({ name, ...timings[at], cost: costs[at] }));
    const result = { at: new Date().toISOString(), machine, rounds, rows };
    await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  return 0;
}

/** The command line; undefined when it makes no sense. */
function read() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: "string", default: "7" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    });
    return /^[1-9]\d*$/.test(values.rounds) ? values : undefined;
  } catch {
    return undefined;
  }
}

async function timeRows(rounds: number): Promise<Timing[]> {
  const stage = await startStage();
  const timings: Timing[] = [];
  try {
    for (const row of ROWS) {
      timings.push(await timeRow(stage, row, rounds));
    }
  } finally {
    await stage.stop();
  }
  return timings;
}

async function timeRow(stage: Stage, row: Row, rounds: number): Promise<Timing> {
  process.stderr.write(`${row.name} `);
  await row.prepare?.(stage);
  const timing: Timing = { ours: [], bare: [], ratio: [] };
  const speed = (side: Side) => perSecond(stage, side, row);
  // Round 0 warms up and is not counted; who goes first alternates.
  for (let round = 0; round <= rounds; round++) {
    const early = row.bare && round % 2 === 0 ? await speed(row.bare) : undefined;
    const ours = await speed(row.ours);
    const bare = early ?? (row.bare && (await speed(row.bare)));
    if (round > 0) {
      timing.ours.push(ours);
      if (bare !== undefined) {
        timing.bare.push(bare);
        timing.ratio.push(ours / bare);
      }
    }
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  return timing;
}

async function perSecond(stage: Stage, side: Side, { perRound, worth = 1 }: Row): Promise<number> {
  const shots = await side.shots(stage, perRound);
  const seconds = await drive(stage[side.at], shots, side.status);
  await settled(stage);
  return (perRound * worth) / seconds;
}

function renderTimings(timings: Timing[]): string {
  const rows = timings.map(({ ours, bare, ratio }, at) => [
    ROWS[at]?.name ?? "",
    figure(median(ours)),
    ...(ratio.length === 0
      ? []
      : [
          figure(median(bare)),
          figure(median(ratio), 2),
          `${figure(Math.min(...ratio), 2)}–${figure(Math.max(...ratio), 2)}`,
        ]),
  ]);
  return `\n${table(["a second, median", "ours", "bare", "ratio", "min–max"], rows)}\n`;
}

function renderCosts(costs: (CostPerRequest | undefined)[]): string {
  const split = ({ request, behind }: { request: number; behind: number }) =>
    behind === 0 ? figure(request, 3) : `${figure(request, 3)} + ${figure(behind, 3)}`;
  const rows = costs.flatMap((cost, at) => {
    if (cost === undefined) return [];
    const { redisTrips, redisCommands, objectCalls, rowsWritten, alarmsSet, queueMessages } = cost;
    return [
      [
        (ROWS[at] as Row).name.split(" ÷ ")[0] as string,
        ...[redisTrips, redisCommands, objectCalls].map(split),
        figure(rowsWritten, 2),
        figure(alarmsSet, 3),
        figure(queueMessages, 2),
      ],
    ];
  });
  const head = ["Redis trips", "commands", "object calls", "rows", "alarms", "messages"];
  const legend = "(a + b: on the request's path + behind it, until acknowledged)";
  return `${table(["counted, per request", ...head], rows)}\n${legend}\n\n${renderBatches(costs)}\n`;
}

function renderBatches(costs: (CostPerRequest | undefined)[]): string {
  const rows = costs.flatMap((cost, at) => {
    if (cost?.perBatch === undefined) return [];
    const { orders, redisTrips, objectCalls } = cost.perBatch;
    const figures = [orders, redisTrips, objectCalls].map((value) => figure(value, 2));
    return [[(ROWS[at] as Row).name.split(" ÷ ")[0] as string, ...figures]];
  });
  return table(
    ["counted, per batch of the consumer", "orders", "Redis trips", "object calls"],
    rows,
  );
}
