// `npm run rehearse`: runs the scenarios, checks the proofs and prints a report. See HELP in options.ts.
import { writeFile } from "node:fs/promises";
import { runCommand } from "../command-line.ts";
import { formatNumber } from "../terminal-format.ts";
import { deadLettersOf } from "./dead-letters.ts";
import { collectEvidence, type Evidence, type FinishedScenario } from "./evidence.ts";
import { type Instance, openInstance } from "./instance.ts";
import { currentCommit, describeMachine } from "./machine.ts";
import { merge, type Observation, readObservation, writeObservation } from "./observation.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { lastToldAfterMs } from "./proofs/line.ts";
import { checkThresholds } from "./proofs/thresholds.ts";
import { verify } from "./proofs/verify.ts";
import { record } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { render, whatToLookAt } from "./report.ts";
import { type Result, summarize } from "./result.ts";
import { runScenario, type Throughput } from "./run-scenario.ts";
import type { ScenarioContext } from "./scenario.ts";
import { deleteSale } from "./scenario-sale.ts";
import { scenariosFor } from "./scenarios/all.ts";

process.exitCode = await runCommand(
  HELP,
  () => parseOptions(process.argv.slice(2), process.env),
  rehearse,
);

/** Returns the exit status. */
async function rehearse(options: Options): Promise<number> {
  const { url, merge: files, evidence, json } = options;
  if (files) {
    const all = await Promise.all(files.map(readObservation));
    return report(prove(merge(all), options), json);
  }
  console.log(url === undefined ? "Building and starting the Worker …" : `Connecting to ${url} …`);
  const instance = await openInstance(options);
  const created: ScenarioContext[] = [];
  const cleanUp = async () => {
    // Other machines may still need the sale.
    if (!evidence) await Promise.allSettled(created.map(deleteSale));
    await instance.stop();
  };
  // The first Ctrl-C cleans up. A second one finds no listener and ends the process at once.
  const onInterrupt = () => void cleanUp().finally(() => process.exit(130));
  process.once("SIGINT", onInterrupt);
  try {
    const observation = await observe(instance, created, options);
    if (evidence) {
      await writeObservation(evidence, observation);
      console.log(
        `Wrote ${evidence}. Now merge the files of all machines: npm run rehearse -- --merge …`,
      );
      return 0;
    }
    const result = prove(observation, options);
    const status = await report(result, json);
    if (!instance.isOwn) console.log(await record(instance, result));
    if (instance.isDeployed) console.log(whatToLookAt(instance.client.url));
    return status;
  } finally {
    process.off("SIGINT", onInterrupt);
    await cleanUp();
  }
}

/** Prints the result and writes it. Returns the exit status. */
async function report(result: Result, json: string | undefined): Promise<number> {
  console.log(render(result));
  if (json !== undefined) {
    await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  }
  return result.proofs.some(({ status }) => status === "broken") ? 1 : 0;
}

/** Runs the scenarios and collects all that can be seen of them. */
async function observe(
  instance: Instance,
  created: ScenarioContext[],
  options: Options,
): Promise<Observation> {
  const { seed, provider, buyers, concurrency } = options;
  const { client } = instance;
  const recorder = new Recorder();
  const startedAt = client.now();
  console.log(`Running the scenarios against ${client.url}`);
  const finished: (FinishedScenario & Throughput)[] = [];
  for (const group of scenariosFor(options)) {
    const shared = { instance, created, recorder };
    const running = group.map((scenario) => runScenario(scenario, shared, options));
    finished.push(...(await Promise.all(running)).flat());
  }
  console.log("Waiting until all orders are final, then collecting the evidence …");
  const skus: Evidence[] = [];
  for (const one of finished) {
    skus.push(...(await collectEvidence(one, concurrency)));
  }
  const log = instance.log?.map(({ level, message }) => `${level}: ${message}`);
  const deadLetters = await deadLettersOf(client, skus);
  const [first] = finished as [FinishedScenario & Throughput];
  return {
    ...{ url: client.url, commit: await currentCommit() },
    machine: describeMachine(instance.isOwn),
    ...{ seed, provider, buyers, concurrency },
    ...{ scenario: first.scenario, seconds: first.seconds },
    requestsPerSecond: first.requestsPerSecond,
    notes: [...notesOn(instance, options), ...skus.flatMap(lineNotes)],
    ...{ startedAt, endedAt: client.now(), recorder },
    members: first.buyers.map(({ user, bot }) => ({
      user,
      ...(bot && { bot: { name: bot.name } }),
    })),
    findings: { skus, breaches: recorder.breaches, deadLetters, log },
  };
}

/** Checks the proofs. Pure. */
function prove(observation: Observation, thresholds: Options): Result {
  const {
    startedAt: _,
    endedAt: __,
    members: ___,
    recorder: ____,
    findings,
    ...facts
  } = observation;
  const summary = summarize(observation);
  const proofs = [...verify(findings), ...checkThresholds(thresholds, summary)];
  return { ...facts, ...summary, proofs };
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
  { payments, isOwn, isDeployed }: Instance,
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
    ...(bots > 0 && isDeployed
      ? ["Bots were challenged if the deployment has Turnstile: see challenge_required above."]
      : []),
    ...(bots > 0 && !isOwn && !isDeployed
      ? ["On an existing instance, the rehearsal's sale does not challenge bots."]
      : []),
    ...(isDeployed
      ? ["The operator signed the buyers: names, addresses, and solved challenges were synthetic."]
      : []),
    ...(admission !== undefined && !isOwn ? ["An existing instance is not killed."] : []),
    ...(sku === undefined
      ? []
      : ["With --sku, only the rush runs: the other scenarios need their own sales."]),
  ];
}
