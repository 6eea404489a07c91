// Plays one scene: its sale is put up, its people sign in and act, and then its SKUs settle by themselves.
import type { Ledger } from "../client.ts";
import { gather } from "./crowd.ts";
import type { Played } from "./evidence.ts";
import type { Instance } from "./instance.ts";
import { watchLive } from "./live.ts";
import type { Options } from "./options.ts";
import type { Record } from "./record.ts";
import type { Scene, Stage } from "./scene.ts";
import { settle } from "./settle.ts";
import { findStage, putUp } from "./stage.ts";

/** What all scenes share. Sales that were put up are added to `stages`. */
interface Company {
  instance: Instance;
  stages: Stage[];
  record: Record;
}

/** How fast a scene went. */
export interface Pace {
  seconds: number;
  requestsPerSecond: number;
}

/** Nothing where this instance has no place for the scene. */
export async function perform(
  scene: Scene,
  company: Company,
  options: Options,
): Promise<(Played & Pace)[]> {
  const { record } = company;
  const party = {
    count: scene.people(options.buyers),
    bots: scene.hasBots ? options.bots : 0,
    concurrency: options.concurrency,
  };
  const stage = await stageFor(scene, party, company, options);
  if (stage === undefined) {
    return [];
  }
  const before = await Promise.all(stage.skus.map(({ id }) => stage.client.ledger(id)));
  const people = await gather(stage, scene.name, party);
  const ended = new AbortController();
  const watching = watchLive(stage, ended.signal);
  const [start, sent] = [performance.now(), record.size];
  await scene.play(stage, people, options).finally(() => ended.abort());
  const seconds = (performance.now() - start) / 1000;
  const requestsPerSecond = (record.size - sent) / seconds;
  await watching;
  const skus = stage.skus.map((sku, at) => {
    const settled = settle(stage, sku, before[at] as Ledger);
    // Whoever awaits it later sees the error; until then it is not an unhandled one.
    settled.catch(() => {});
    return { sku, before: before[at] as Ledger, settled };
  });
  return [{ scene: scene.name, stage, people, skus, seconds, requestsPerSecond }];
}

async function stageFor(
  scene: Scene,
  { count: people, bots }: { count: number; bots: number },
  { instance, stages, record }: Company,
  { sku }: Options,
): Promise<Stage | undefined> {
  if (sku !== undefined) {
    return findStage(instance, record, sku);
  }
  const { client, sandbox, isOwn } = instance;
  const guarded = isOwn && bots > 0;
  const plan = scene.plan({ now: client.now(), people, sandbox, guarded });
  if (plan === undefined) {
    return undefined;
  }
  const stage = await putUp(instance, record, scene.name, plan);
  stages.push(stage);
  return stage;
}
