// `npm run rehearse`: plays the scenes, proves the outcome, reports. See HELP.
import { writeFile } from "node:fs/promises";
import { collect, type Evidence, type Played } from "./evidence.ts";
import { type Instance, openInstance } from "./instance.ts";
import { currentCommit, describeMachine } from "./machine.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { type Pace, perform } from "./perform.ts";
import { holdAgainst } from "./proofs/thresholds.ts";
import { verify } from "./proofs/verdicts.ts";
import { Record } from "./record.ts";
import { render } from "./report.ts";
import { type Result, summarize } from "./result.ts";
import type { Stage } from "./scene.ts";
import { scenesFor } from "./scenes/all.ts";
import { takeDown } from "./stage.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const options = parseOptions(argv, process.env);
    if (options === "help") {
      console.log(HELP);
      return 0;
    }
    return await rehearse(options);
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n\n${HELP}` : error);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function rehearse(options: Options): Promise<number> {
  console.log(
    options.url === undefined ? "Building and starting the Worker …" : "Looking at the instance …",
  );
  const instance = await openInstance(options);
  /** Those that were put up and must be taken down. */
  const stages: Stage[] = [];
  const clear = async () => {
    await Promise.allSettled(stages.map(takeDown));
    await instance.stop();
  };
  // The first Ctrl-C clears the stages; the second one, without a listener, ends at once.
  const interrupted = () => void clear().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  try {
    const result = await play(instance, stages, options);
    console.log(render(result));
    if (options.json !== undefined) {
      await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return result.verdicts.every(({ violations }) => violations.length === 0) ? 0 : 1;
  } finally {
    process.off("SIGINT", interrupted);
    await clear();
  }
}

async function play(instance: Instance, stages: Stage[], options: Options): Promise<Result> {
  const { buyers, concurrency } = options;
  const record = new Record();
  console.log(`Playing against ${instance.client.url}`);
  const played: (Played & Pace)[] = [];
  for (const scenes of scenesFor(options)) {
    const act = scenes.map((scene) => perform(scene, { instance, stages, record }, options));
    played.push(...(await Promise.all(act)).flat());
  }
  console.log("Checking …");
  const skus: Evidence[] = [];
  for (const one of played) {
    skus.push(...(await collect(one, concurrency)));
  }
  const log = instance.log?.map(({ level, message }) => `${level}: ${message}`);
  const findings = { skus, breaches: record.breaches, log };
  const [rush] = played as [Played & Pace];
  const summary = summarize(rush.people, record, findings);
  return {
    ...{ url: instance.client.url, commit: await currentCommit() },
    machine: describeMachine(instance.isOwn),
    ...{ buyers, concurrency },
    ...{ seconds: rush.seconds, requestsPerSecond: rush.requestsPerSecond },
    notes: notesOn(instance, options),
    ...summary,
    verdicts: [...verify(findings), ...holdAgainst(options, summary)],
  };
}

/** What could not be rehearsed, or not be seen. */
function notesOn({ sandbox, isOwn, log }: Instance, { bots, sku }: Options): string[] {
  return [
    ...(sandbox ? [] : ["No sandbox here: only what is free is rehearsed, and no money."]),
    ...(bots > 0 && !isOwn ? ["The sale does not challenge bots: its own setting."] : []),
    ...(sku === undefined
      ? []
      : ["With --sku only the rush is played: the rest needs sales of its own."]),
    ...(log === undefined ? ["The instance's log cannot be seen from here."] : []),
  ];
}
