// Direct access to a line's object: configure it, run its ticks, put it to sleep. The clock is far ahead, so that no alarm
// fires on its own.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";
import { type Arrival, type LineTerms, lineField, lineOf } from "../../src/admission/client.ts";
import { type Chain, roundAfter, roundTime } from "../../src/admission/draw.ts";
import type { PublishedLine } from "../../src/admission/public-line.ts";
import { requireConfig } from "../../src/config/config.ts";
import { chainOf } from "../../src/line/beacon.ts";
import type { SaleLine } from "../../src/line/sale-line.ts";
import type { DrandBehavior } from "../../src/local/fakes/drand.ts";
import { givenClock } from "../support/clock.ts";
import { KEYS, redis } from "../support/redis.ts";
import { givenLiveStock, unique } from "../support/shop.ts";

const HOUR_MS = 3_600_000;
/** When the sales of these tests open, and their registration closes. */
export const OPENING = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 24 * HOUR_MS;
export const CHAIN: Chain = chainOf(requireConfig(env));
/** When the round is out that decides the places. */
export const DRAWN = roundTime(CHAIN, roundAfter(CHAIN, OPENING));

export const stubOf = (saleId: string) =>
  env.SALE_LINES.getByName(saleId) as unknown as DurableObjectStub<SaleLine>;
export const line = (saleId: string) => lineOf(env, saleId);

export const termsOf = (skuId: string, changes: Partial<LineTerms> = {}): LineTerms => ({
  mode: "queue",
  ratePerSecond: 10,
  opensAt: OPENING,
  closesAt: OPENING + HOUR_MS,
  registrationOpensAt: OPENING - HOUR_MS,
  registrationClosesAt: OPENING,
  skus: [{ id: skuId, stock: 1_000, isFree: false, perUserLimit: 1 }],
  ...changes,
});

/** Numbers of the test's clock. */
export type Clock = ReturnType<typeof givenClock>;

/** A line half an hour before the opening, with 1,000 free units. */
export async function givenLine(changes: Partial<LineTerms> = {}) {
  const clock = givenClock(OPENING - HOUR_MS / 2);
  await drandIs("eager");
  const [saleId, skuId] = [unique("line"), unique("line-sku")];
  await givenLiveStock(skuId, { available: 1_000 });
  const terms = termsOf(skuId, changes);
  await line(saleId).configure({ saleId, revision: 1, terms });
  await tick(saleId);
  return { saleId, skuId, terms, clock };
}

/** Reports `people` who came a minute before the close, spread over all hashes. */
export async function register(saleId: string, people: number, at = OPENING - 60_000) {
  const arrivals = Array.from({ length: people }, (_, index): Arrival => {
    return [Math.floor(((index + 0.5) / people) * 2 ** 52), at];
  });
  await line(saleId).report(arrivals, 0);
}

/** Runs the alarm now. Returns whether one was set. */
export const tick = (saleId: string): Promise<boolean> => runDurableObjectAlarm(stubOf(saleId));

/** Runs a tick in each of so many seconds. */
export async function tickFor(saleId: string, clock: Clock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.moveTo(Date.now() + 1_000);
    await tick(saleId);
  }
}

/** Moves to the time of the draw, and runs the tick that gets the beacon. */
export async function open(saleId: string, clock: Clock): Promise<void> {
  clock.moveTo(DRAWN);
  await tick(saleId);
}

/** A line that admits people since a tick ago: `people` registered, and the beacon is known. */
export async function givenOpenLine(changes: Partial<LineTerms> = {}, people = 1_000) {
  const scene = await givenLine(changes);
  await register(scene.saleId, people);
  await open(scene.saleId, scene.clock);
  return scene;
}

/** Clears the object's memory and keeps its storage. */
export const putToSleep = (saleId: string): Promise<void> => evictDurableObject(stubOf(saleId));

export const inside = <T>(
  saleId: string,
  work: (object: SaleLine, state: DurableObjectState) => T | Promise<T>,
): Promise<T> => runInDurableObject(stubOf(saleId), work);

/** What edges read in Redis. */
export async function inRedis(saleId: string): Promise<PublishedLine | null> {
  return JSON.parse((await redis<string | null>("HGET", KEYS.live, lineField(saleId))) ?? "null");
}

export const frontierOf = async (saleId: string): Promise<number> =>
  (await line(saleId).published())?.line.frontier ?? Number.NaN;

/** Makes the stand-in for drand behave like this until the end of the test. */
export async function drandIs(behavior: DrandBehavior): Promise<void> {
  const { BEACON } = requireConfig(env);
  const put = (name: DrandBehavior) =>
    fetch(`${BEACON?.urls[0]}/_fake/behavior/${name}`, { method: "PUT" });
  onTestFinished(async () => void (await put("honest")));
  await put(behavior);
}
