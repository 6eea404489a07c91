// `npm run simulate`: simulates a drop, prints what happened, and writes the report. See HELP in options.ts.
import { writeFile } from "node:fs/promises";
import { runCommand } from "../command-line.ts";
import { formatTable } from "../terminal-format.ts";
import { PLATFORM } from "./limits.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { renderHtml, renderLanes } from "./report.ts";
import { type Outcome, simulate } from "./simulate.ts";
import { isValid, LANES_HEAD, lanesRow, render, renderValidation } from "./summary.ts";
import { validate } from "./validate.ts";

/** Numbers of lanes that are compared. */
const LANES = [1, 2, 4, 8, 16, 32, 64];

process.exitCode = await runCommand(
  HELP,
  () => parseOptions(process.argv.slice(2), process.env),
  run,
);

/** Returns the exit status. */
async function run({ mode, scenario, objectPerSecond, html }: Options): Promise<number> {
  if (mode === "validate") {
    console.log("Building and starting the Worker …");
    const validations = await validate(scenario.seed);
    console.log(validations.map(renderValidation).join("\n"));
    return validations.every(isValid) ? 0 : 1;
  }
  const limits = { ...PLATFORM, objectPerSecond };
  if (mode === "compare lanes") {
    const outcomes: Outcome[] = [];
    for (const lanes of LANES) outcomes.push(await simulate({ ...scenario, lanes }, limits));
    console.log(`\n${formatTable(LANES_HEAD, outcomes.map(lanesRow))}\n`);
    if (html !== undefined) await writeFile(html, renderLanes(outcomes));
    return 0;
  }
  const outcome = await simulate(scenario, limits);
  console.log(render(outcome));
  if (html !== undefined) await writeFile(html, renderHtml(outcome));
  return 0;
}
