// `npm run chaos`: plays the faults one after the other, prints a table, and writes the report. See HELP in options.ts.
import { writeFile } from "node:fs/promises";
import { runCommand } from "../command-line.ts";
import { currentCommit, describeMachine } from "../rehearse/machine.ts";
import { type Played, play } from "./game.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { renderHtml } from "./report.ts";
import { asTable, violations } from "./summary.ts";
import { startWorld } from "./world.ts";

process.exitCode = await runCommand(
  HELP,
  () => parseOptions(process.argv.slice(2), process.env),
  gameDay,
);

/** Returns the exit status. */
async function gameDay(options: Options): Promise<number> {
  console.log("Building and starting the Worker …");
  await using parts = new AsyncDisposableStack();
  const world = await startWorld(options.seed, parts);
  const all: Played[] = [];
  for (const fault of options.faults) {
    console.log(`\n${fault.title} …`);
    all.push(await play(fault, world, options));
  }
  const broken = violations(all);
  console.log(`\n${asTable(all)}\n`);
  for (const violation of broken) console.log(`broken: ${violation}`);
  const { seed, seconds, rate } = options;
  const result = {
    ...{ seed, seconds, rate, commit: await currentCommit(), machine: describeMachine(true) },
    faults: all,
  };
  if (options.json !== undefined)
    await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.html !== undefined) await writeFile(options.html, renderHtml(result));
  return broken.length > 0 ? 1 : 0;
}
