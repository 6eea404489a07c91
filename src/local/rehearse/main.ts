// `npm run rehearse`: sets the stage, lets the crowd in, proves the outcome, reports. See HELP.
import { writeFile } from "node:fs/promises";
import { raid } from "./bots.ts";
import { verify } from "./checks.ts";
import { gather } from "./crowd.ts";
import { collect } from "./evidence.ts";
import { currentCommit, describeMachine } from "./machine.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { eachAtMost } from "./patience.ts";
import { shop } from "./people.ts";
import { progress } from "./progress.ts";
import { Record } from "./record.ts";
import { render } from "./report.ts";
import { type Result, summarise } from "./result.ts";
import { openTarget, type Target } from "./target.ts";
import { holdAgainst } from "./thresholds.ts";

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
    options.url === undefined ? "Building and starting the Worker …" : "Setting the stage …",
  );
  const target = await openTarget(options);
  // The first Ctrl-C clears the stage; the second one, without a listener, ends at once.
  const interrupted = () => void target.close().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  try {
    const result = await play(target, options);
    console.log(render(result));
    if (options.json !== undefined) {
      await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return result.verdicts.every(({ violations }) => violations.length === 0) ? 0 : 1;
  } finally {
    process.off("SIGINT", interrupted);
    await target.close();
  }
}

async function play(target: Target, options: Options): Promise<Result> {
  const { buyers: count, concurrency } = options;
  const { client, skus } = target;
  const record = new Record();
  const names = skus.map(({ id }) => id).join(" and ");
  console.log(`Selling ${names} of ${client.url} to ${count} buyers, ${concurrency} at a time`);
  const before = await Promise.all(skus.map(({ id }) => client.ledger(id)));
  const crowd = await gather(target, record, options);
  const step = progress("buyers served", crowd.length);
  const start = performance.now();
  const answersBefore = record.size;
  await eachAtMost(concurrency, crowd, async (buyer) => {
    await (buyer.bot === undefined ? shop : raid)(target, record, buyer);
    step();
  });
  const seconds = (performance.now() - start) / 1000;
  const requestsPerSecond = (record.size - answersBefore) / seconds;
  console.log("Checking …");
  const findings = await collect(target, record, crowd, before, concurrency);
  const summary = summarise(crowd, record, findings);
  return {
    ...{ url: client.url, commit: await currentCommit() },
    machine: describeMachine(options.url === undefined),
    ...{ buyers: count, concurrency, seconds, requestsPerSecond },
    notes: target.notes,
    ...summary,
    verdicts: [...verify(findings), ...holdAgainst(options, summary)],
  };
}
