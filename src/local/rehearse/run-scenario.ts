// Runs one scenario: creates its sale, signs its buyers in, lets them act, then waits until its orders are final.
import type { Ledger } from "../client.ts";
import { signInBuyers } from "./crowd.ts";
import type { FinishedScenario } from "./evidence.ts";
import type { Instance } from "./instance.ts";
import { sampleLiveStock } from "./live-sampler.ts";
import type { Options } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { Scenario, ScenarioContext } from "./scenario.ts";
import { createSale, joinSale, useExistingSku } from "./scenario-sale.ts";
import { waitUntilFinal } from "./wait-until-final.ts";

/** What all scenarios of a rehearsal share. Contexts whose sale must be deleted are added to `created`. */
interface Shared {
  instance: Instance;
  created: ScenarioContext[];
  recorder: Recorder;
}

export interface Throughput {
  seconds: number;
  requestsPerSecond: number;
}

/** Returns the finished scenario, or an empty list if this instance cannot run it. */
export async function runScenario(
  scenario: Scenario,
  shared: Shared,
  options: Options,
): Promise<(FinishedScenario & Throughput)[]> {
  const { recorder } = shared;
  const crowd = {
    count: scenario.buyerCount(options.buyers),
    bots: scenario.hasBots ? options.bots : 0,
    concurrency: options.concurrency,
    skuOf: scenario.skuOf,
  };
  const context = await prepare(scenario, crowd, shared, options);
  if (context === undefined) {
    return [];
  }
  const before = await Promise.all(context.skus.map(({ id }) => context.client.ledger(id)));
  const buyers = await signInBuyers(context, scenario.name, crowd);
  const ended = new AbortController();
  const sampling = sampleLiveStock(context, ended.signal);
  const [start, requestsBefore] = [performance.now(), recorder.requestCount];
  await scenario.run(context, buyers, options).finally(() => ended.abort());
  const seconds = (performance.now() - start) / 1000;
  const requestsPerSecond = (recorder.requestCount - requestsBefore) / seconds;
  await sampling;
  const skus = context.skus.map((sku, at) => {
    const finalState = waitUntilFinal(context, sku, before[at] as Ledger);
    // The caller awaits it later; without this, an early rejection would count as unhandled.
    finalState.catch(() => {});
    return { sku, before: before[at] as Ledger, finalState };
  });
  return [{ scenario: scenario.name, context, buyers, skus, seconds, requestsPerSecond }];
}

async function prepare(
  scenario: Scenario,
  { count: buyerCount, bots }: { count: number; bots: number },
  { instance, created, recorder }: Shared,
  { sku, sale, evidence }: Options,
): Promise<ScenarioContext | undefined> {
  if (sale !== undefined) {
    return joinSale(instance, recorder, sale);
  }
  if (sku !== undefined) {
    return useExistingSku(instance, recorder, sku);
  }
  const { client, payments, isOwn, isDeployed } = instance;
  const challengesBots = (isOwn || isDeployed) && bots > 0;
  const plan = scenario.plan({
    ...{ now: client.now(), buyerCount, challengesBots },
    canPay: payments !== undefined,
    knowsPace: payments?.chargeTimes !== undefined,
  });
  if (plan === undefined) {
    return undefined;
  }
  const context = await createSale(instance, recorder, scenario.name, plan);
  created.push(context);
  if (evidence !== undefined) {
    console.log(
      `Other machines join with --sale ${context.saleId} --evidence FILE, within an hour.`,
    );
  }
  return context;
}
