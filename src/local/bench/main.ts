// `npm run bench`: measures Doorbuster against a bare Worker that does the same work, both in one workerd. Prints
// medians and ratios. They are measurements, not assertions. A row that fails is reported, and the exit code is 1.
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { type ColdStart, measureColdStart } from "./cold-start.ts";
import { type ColoCost, measureColo } from "./colo.ts";
import { countCosts } from "./cost.ts";
import { checkModel, type ModelCheck } from "./cost-model.ts";
import { type CountingCost, measureCounting } from "./counting.ts";
import { type LaneGrowth, measureLanes } from "./lanes/measure.ts";
import { type CrowdCost, simulateCrowd } from "./line-simulation.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { measurePayments, type PaymentPace } from "./payments.ts";
import {
  renderColdStarts,
  renderColo,
  renderCosts,
  renderCounting,
  renderCrowds,
  renderFailures,
  renderLanes,
  renderModel,
  renderPayments,
  renderTimings,
  renderWake,
} from "./render.ts";
import { labelOf, type Row } from "./row.ts";
import { ROWS } from "./rows.ts";
import { withTestbed } from "./testbed.ts";
import { type Round, timeRows } from "./timing.ts";
import { measureWake, type WakeCost } from "./wake.ts";

const USAGE = `npm run bench -- [--rounds N] [--only TEXT] [--json FILE]

  --rounds N   rounds of each row, at least 1 (default 15). Rows whose requests leave no work behind run ten
               short rounds for each.
  --only TEXT  time only the rows whose name contains the text, and measure nothing else
  --json FILE  also write the results as JSON
`;

/** A row or measurement that failed, and why. */
interface Failure {
  name: string;
  reason: string;
}

/** Sizes of the simulated crowds. */
const CROWDS = [10_000, 1_000_000];

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined || options.help) {
    console.log(USAGE);
    return options?.help ? 0 : 2;
  }
  const rounds = Number(options.rounds);
  const { only } = options;
  if (only !== undefined) {
    const rows = ROWS.filter(({ name }) => name.includes(only));
    return reportFailures(failuresOf("timing", rows, await timed(rows, rounds)));
  }
  const timings = await timed(ROWS, rounds);
  const costs = await withTestbed("src/local/bench/counting-worker.ts", async (testbed) => {
    const outcomes = await countCosts(testbed, ROWS);
    console.log(`\n${renderCosts(ROWS, outcomes)}\n`);
    return outcomes;
  });
  const pace = await shown(measurePayments, renderPayments);
  const counting = await shown(() => measureCounting(rounds), renderCounting);
  const wake = await shown(measureWake, renderWake);
  const colo = await shown(measureColo, renderColo);
  const lanes = await shown(() => measureLanes(rounds), renderLanes);
  const coldStarts = await shown(measureColdStart, renderColdStarts);
  const crowds = CROWDS.map(simulateCrowd);
  console.log(`${renderCrowds(crowds)}\n`);
  const model = checkModel(ROWS, costs, colo, wake);
  console.log(`${renderModel(model)}\n`);
  const parts = { pace, counting, wake, colo, lanes, coldStarts };
  if (options.json !== undefined)
    await writeJson(options.json, { rounds, timings, costs, ...parts, crowds, model });
  const failures = [
    ...failuresOf("timing", ROWS, timings),
    ...failuresOf("counting", ROWS, costs),
    ...Object.entries(parts).flatMap(([name, outcome]) =>
      outcome.ok ? [] : [{ name, reason: outcome.reason }],
    ),
    ...model.flatMap(({ what, agrees }) =>
      agrees ? [] : [{ name: what, reason: "The cost model (src/cost/usage.ts) differs." }],
    ),
  ];
  return reportFailures(failures);
}

/** @returns the exit code */
function reportFailures(failures: Failure[]): number {
  if (failures.length > 0) console.log(`${renderFailures(failures)}\n`);
  return failures.length > 0 ? 1 : 0;
}

/** Measures and prints a part. */
async function shown<T>(
  measure: () => Promise<T>,
  render: (value: T) => string,
): Promise<Outcome<T>> {
  const outcome = await outcomeOf(measure);
  if (outcome.ok) console.log(`${render(outcome.value)}\n`);
  return outcome;
}

/** Times rows. Prints the table before the testbed stops, so that a failure afterward does not lose it. */
function timed(rows: Row[], rounds: number): Promise<Outcome<Round[]>[]> {
  return withTestbed("src/index.ts", async (testbed) => {
    const outcomes = await timeRows(testbed, rows, rounds);
    console.log(`\n${renderTimings(rows, outcomes)}\n`);
    return outcomes;
  });
}

function failuresOf(step: string, rows: Row[], outcomes: Outcome<unknown>[]): Failure[] {
  return outcomes.flatMap((outcome, index) =>
    outcome.ok ? [] : [{ name: `${rows[index]?.name} (${step})`, reason: outcome.reason }],
  );
}

interface Measured {
  rounds: number;
  timings: Outcome<unknown>[];
  costs: Outcome<unknown>[];
  pace: Outcome<PaymentPace>;
  counting: Outcome<CountingCost[]>;
  wake: Outcome<WakeCost>;
  colo: Outcome<ColoCost[]>;
  lanes: Outcome<LaneGrowth[]>;
  coldStarts: Outcome<ColdStart[]>;
  crowds: CrowdCost[];
  model: ModelCheck[];
}

async function writeJson(
  file: string,
  { timings, costs, pace, ...measured }: Measured,
): Promise<void> {
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  const rows = ROWS.map((row, index) => ({
    name: labelOf(row),
    timing: timings[index],
    cost: costs[index],
  }));
  const at = new Date().toISOString();
  const result = { at, machine, rows, payments: pace, ...measured };
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
}

/** The command line. Undefined if it is invalid. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: "string", default: "15" },
        only: { type: "string" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    });
    return /^[1-9]\d*$/.test(values.rounds) ? values : undefined;
  } catch {
    return undefined;
  }
}
