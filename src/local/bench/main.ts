// `npm run bench`: Doorbuster held against the barest Worker that could do the same, both in one
// workerd, driven in turn. Prints medians and ratios; they are figures, never a test.
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { countCosts } from "./cost.ts";
import { renderCosts, renderTimings } from "./render.ts";
import { ROWS } from "./rows.ts";
import { timeRows } from "./timing.ts";

const HELP = `npm run bench -- [--rounds N] [--json FILE]

  --rounds N   rounds of each row, at least 1 (default 15; ten short ones each where requests leave
               nothing behind); medians are over rounds
  --json FILE  also write the figures as JSON
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = read();
  if (options === undefined || options.help) {
    console.log(HELP);
    return options?.help ? 0 : 2;
  }
  const rounds = Number(options.rounds);
  const costs = await countCosts(ROWS);
  const timings = await timeRows(ROWS, rounds);
  console.log(renderTimings(ROWS, timings));
  console.log(renderCosts(ROWS, costs));
  if (options.json !== undefined) {
    const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
    const rows = ROWS.map(({ name }, at) => ({ name, rounds: timings[at], cost: costs[at] }));
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
        rounds: { type: "string", default: "15" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    });
    return /^[1-9]\d*$/.test(values.rounds) ? values : undefined;
  } catch {
    return undefined;
  }
}
