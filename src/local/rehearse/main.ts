// `npm run rehearse`: sets the stage, lets the crowd in, proves the outcome, reports. See HELP.
import { writeFile } from "node:fs/promises";
import { type Buyer, eachAtMost, shop, signIn } from "./buyers.ts";
import { verify } from "./checks.ts";
import { collect } from "./evidence.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { Record } from "./record.ts";
import { figures, progress, type Result, render } from "./report.ts";
import { openTarget, type Target } from "./target.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
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

async function play(target: Target, { buyers: count, concurrency }: Options): Promise<Result> {
  const { client, sku } = target;
  const record = new Record();
  console.log(`Selling ${sku.id} of ${client.url} to ${count} buyers, ${concurrency} at a time`);
  const before = await client.ledger(sku.id);
  const buyers = await signAllIn(target, record, count, concurrency);
  const step = progress("buyers served", buyers.length);
  const start = performance.now();
  const answersBefore = answersIn(record);
  await eachAtMost(concurrency, buyers, async (buyer) => {
    await shop(target, record, buyer);
    step();
  });
  const seconds = (performance.now() - start) / 1000;
  const requestsPerSecond = (answersIn(record) - answersBefore) / seconds;
  console.log("Checking …");
  const evidence = await collect(target, record, buyers, before, concurrency);
  return {
    url: client.url,
    sku: sku.id,
    buyers: count,
    concurrency,
    seconds,
    requestsPerSecond,
    ledger: evidence.after,
    ...figures(record),
    verdicts: verify(evidence),
  };
}

async function signAllIn(
  target: Target,
  record: Record,
  count: number,
  concurrency: number,
): Promise<Buyer[]> {
  const buyers: Buyer[] = [];
  const step = progress("buyers signed in", count);
  await eachAtMost(concurrency, Array(count).keys(), async (index) => {
    const buyer = await signIn(target, record, index);
    if (buyer === undefined && buyers.length === 0) {
      throw new UsageError(
        "The instance has no demo login: give its AUTH_SECRET with --auth-secret.",
      );
    }
    buyers.push(...(buyer === undefined ? [] : [buyer]));
    step();
  });
  return buyers;
}

function answersIn(record: Record): number {
  return [...record.latencies.values()].reduce((sum, times) => sum + times.length, 0);
}
