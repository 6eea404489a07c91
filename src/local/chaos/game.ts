// Plays one fault: a crowd buys, the fault begins and ends, everything becomes final, and the proofs are checked.
import { setTimeout as pause } from "node:timers/promises";
import type { Wave } from "../rehearse/arrivals.ts";
import { deadLettersOf } from "../rehearse/dead-letters.ts";
import { collectEvidence, type Evidence } from "../rehearse/evidence.ts";
import { type ProofResult, resultOf, verify } from "../rehearse/proofs/verify.ts";
import { runScenario } from "../rehearse/run-scenario.ts";
import type { ScenarioContext } from "../rehearse/scenario.ts";
import { deleteSale } from "../rehearse/scenario-sale.ts";
import { crowdScenario } from "./crowd.ts";
import type { Fault } from "./faults.ts";
import type { Options } from "./options.ts";
import { type Sample, SamplingRecorder } from "./samples.ts";
import { type Noticed, watch } from "./watch.ts";
import type { World } from "./world.ts";

/** The crowd buys this long before the fault, and after it. */
const CALM_SECONDS = 6;
/** A herd is as many people as otherwise come in this time. They come within one second. */
const HERD_SECONDS = 10;
/** An object publishes its stock again within this time after a fault. How soon, is a matter of speed. */
const REPUBLISH_MS = 5_000;
/** How long the shop may wait for the events about final orders: until the third attempt at a lost one, three minutes later. */
const EVENTS_WITHIN_MS = 200_000;
const POLL_MS = 500;

/** What a fault did. Times are milliseconds since 1970. */
export interface Played {
  name: string;
  title: string;
  beganAt: number;
  endedAt: number;
  noticed: Noticed;
  /** From the end of the fault until the last request that was told to come back, or got no answer. 0 if there was none. */
  recoveredMs: number;
  /** From the last buyer until all orders were final and shown. Undefined if the time ran out. */
  settledMs: number | undefined;
  samples: Sample[];
  proofs: ProofResult[];
}

export async function play(fault: Fault, world: World, options: Options): Promise<Played> {
  const { instance } = world;
  const recorder = new SamplingRecorder();
  const created: ScenarioContext[] = [];
  const act = actOf(fault, world, recorder, options.seconds);
  const scenario = crowdScenario(fault.name, wavesOf(fault, options), act.run);
  await world.everyMinute();
  try {
    const settings = { provider: "stripe", buyers: 1, bots: 0, concurrency: 32 } as const;
    const shared = { instance, created, recorder };
    const finished = await runScenario(scenario, shared, { ...settings, ...options });
    const skus: Evidence[] = [];
    for (const one of finished) skus.push(...(await collectEvidence(one, settings.concurrency)));
    const deadLetters = await deadLettersOf(instance.client, skus);
    const findings = { skus, breaches: recorder.breaches, deadLetters, log: undefined };
    const untold = await untoldOrders(world, skus);
    return {
      ...{ name: fault.name, title: fault.title, ...act.times },
      noticed: await act.noticed,
      recoveredMs: recoveredAfter(recorder.samples, act.times.endedAt),
      settledMs: slowest(skus),
      samples: recorder.samples,
      proofs: [
        ...verify(findings).filter(({ status }) => status !== "not observed"),
        resultOf("the shop was told of every final order", untold),
      ],
    };
  } finally {
    await Promise.allSettled(created.map(deleteSale));
  }
}

const wavesOf = ({ endsWithHerd }: Fault, { seconds, rate: perSecond }: Options): Wave[] => [
  { seconds: CALM_SECONDS + seconds, perSecond },
  { seconds: 1, perSecond: endsWithHerd ? perSecond * HERD_SECONDS : perSecond },
  { seconds: CALM_SECONDS, perSecond },
];

/** Begins and ends the fault beside the crowd. `noticed` and `times` are known afterwards. */
function actOf(fault: Fault, world: World, recorder: SamplingRecorder, seconds: number) {
  const times = { beganAt: 0, endedAt: 0 };
  const act = {
    times,
    noticed: Promise.resolve<Noticed>({}),
    async run({ client }: ScenarioContext) {
      await pause(CALM_SECONDS * 1_000);
      const ended = new AbortController();
      times.beganAt = Date.now();
      act.noticed = watch(client, world.told, times.beganAt, ended.signal);
      recorder.state = fault.killsWorker ? "down" : "unsettled";
      await fault.begin(world);
      await pause(seconds * 1_000);
      await fault.end(world);
      times.endedAt = Date.now();
      ended.abort();
      recorder.state = "unsettled";
      await pause(REPUBLISH_MS);
      recorder.state = "up";
    },
  };
  return act;
}

/** Final orders that no event has mentioned, once the time is over. */
async function untoldOrders({ told }: World, skus: Evidence[]): Promise<string[]> {
  const ids = skus.flatMap(({ ledgerOrders }) => ledgerOrders.map(({ id }) => id));
  const deadline = Date.now() + EVENTS_WITHIN_MS;
  const untold = () => ids.filter((id) => !told.orders.has(id));
  while (untold().length > 0 && Date.now() < deadline) await pause(POLL_MS);
  return untold();
}

function recoveredAfter(samples: Sample[], endedAt: number): number {
  const failed = samples.filter(
    (sample) => sample.at > endedAt && ["try again", "no answer"].includes(sample.class),
  );
  return Math.max(0, ...failed.map(({ at }) => at - endedAt));
}

function slowest(skus: Evidence[]): number | undefined {
  const times = skus.map(({ finalAfterMs }) => finalAfterMs);
  return times.includes(undefined) ? undefined : Math.max(...(times as number[]));
}
