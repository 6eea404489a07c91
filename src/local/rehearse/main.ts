// `npm run rehearse`: runs the scenarios, checks the proofs and prints a report. See HELP in options.ts.
import { writeFile } from "node:fs/promises";
import { formatNumber } from "../terminal-format.ts";
import { deadLettersOf } from "./dead-letters.ts";
import { collectEvidence, type Evidence, type FinishedScenario } from "./evidence.ts";
import { type Instance, openInstance } from "./instance.ts";
import { currentCommit, describeMachine } from "./machine.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { lastToldAfterMs } from "./proofs/line.ts";
import { checkThresholds } from "./proofs/thresholds.ts";
import { verify } from "./proofs/verify.ts";
import { record } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { render } from "./report.ts";
import { type Result, summarize } from "./result.ts";
import { runScenario, type Throughput } from "./run-scenario.ts";
import type { ScenarioContext } from "./scenario.ts";
import { deleteSale } from "./scenario-sale.ts";
import { scenariosFor } from "./scenarios/all.ts";

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

/** Returns the exit status. */
async function rehearse(options: Options): Promise<number> {
  const { url, json } = options;
  console.log(url === undefined ? "Building and starting the Worker …" : `Connecting to ${url} …`);
  const instance = await openInstance(options);
  const created: ScenarioContext[] = [];
  const cleanUp = async () => {
    await Promise.allSettled(created.map(deleteSale));
    await instance.stop();
  };
  // The first Ctrl-C cleans up. A second one finds no listener and ends the process at once.
  const onInterrupt = () => void cleanUp().finally(() => process.exit(130));
  process.once("SIGINT", onInterrupt);
  try {
    const result = await runAll(instance, created, options);
    console.log(render(result));
    if (json !== undefined) {
      await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
    }
    if (!instance.isOwn) console.log(await record(instance, result));
    return result.proofs.some(({ status }) => status === "broken") ? 1 : 0;
  } finally {
    process.off("SIGINT", onInterrupt);
    await cleanUp();
  }
}

async function runAll(
  instance: Instance,
  created: ScenarioContext[],
  options: Options,
): Promise<Result> {
  const { buyers, concurrency } = options;
  const recorder = new Recorder();
  console.log(`Running the scenarios against ${instance.client.url}`);
  const finished: (FinishedScenario & Throughput)[] = [];
  for (const group of scenariosFor(options)) {
    const shared = { instance, created, recorder };
    const running = group.map((scenario) => runScenario(scenario, shared, options));
    finished.push(...(await Promise.all(running)).flat());
  }
  console.log("Waiting until all orders are final, then checking the proofs …");
  const skus: Evidence[] = [];
  for (const one of finished) {
    skus.push(...(await collectEvidence(one, concurrency)));
  }
  const log = instance.log?.map(({ level, message }) => `${level}: ${message}`);
  const deadLetters = await deadLettersOf(instance.client, skus);
  const findings = { skus, breaches: recorder.breaches, deadLetters, log };
  const [first] = finished as [FinishedScenario & Throughput];
  const summary = summarize(first.buyers, recorder, findings);
  return {
    ...{ url: instance.client.url, commit: await currentCommit() },
    machine: describeMachine(instance.isOwn),
    ...{ seed: options.seed, provider: options.provider, buyers, concurrency },
    ...{ scenario: first.scenario, seconds: first.seconds },
    requestsPerSecond: first.requestsPerSecond,
    notes: [...notesOn(instance, options), ...skus.flatMap(lineNotes)],
    ...summary,
    proofs: [...verify(findings), ...checkThresholds(options, summary)],
  };
}

/** What happened to the line. */
function lineNotes({ line }: Evidence): string[] {
  if (line === undefined) return [];
  const { tickets, kills } = line;
  const people = new Set(tickets.map(({ user }) => user)).size;
  const told = lastToldAfterMs(line);
  return [
    `The line: ${people} people, instance killed ${kills} times while they were admitted`,
    ...(told === undefined
      ? []
      : [
          `The last who waited learned of the end ${formatNumber(told / 1_000, 1)} s after the last sale`,
        ]),
  ];
}

/** What this rehearsal left out. */
function notesOn(
  { payments, isOwn }: Instance,
  { bots, sku, provider, admission }: Options,
): string[] {
  return [
    ...(payments ? [] : ['PAYMENTS is not "sandbox": only free SKUs were rehearsed, no payments.']),
    ...(provider === "stripe" && !isOwn
      ? [
          "Stripe's books and pace, and the bank's questions, are not visible from here: orders were compared with each " +
            "other only. Compare the confirmed orders with the payments in Stripe's dashboard.",
        ]
      : []),
    ...(bots > 0 && !isOwn
      ? ["On an existing instance, the rehearsal's sale does not challenge bots."]
      : []),
    ...(admission !== undefined && !isOwn ? ["An existing instance is not killed."] : []),
    ...(sku === undefined
      ? []
      : ["With --sku, only the rush runs: the other scenarios need their own sales."]),
  ];
}
