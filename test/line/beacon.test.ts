// Rounds of the beacon, fetched from a stand-in for drand's relays: only a round that the chain's key signed counts.
import { env } from "cloudflare:workers";
import { expect, onTestFinished, test, vi } from "vitest";
import { isSigned, QUICKNET } from "../../src/admission/beacon-chain.ts";
import { readConfig, requireConfig } from "../../src/config/config.ts";
import { allBreakers } from "../../src/edge/breaker.ts";
import { chainOf, fetchRound } from "../../src/line/beacon.ts";
import type { DrandBehavior } from "../../src/local/fakes/drand.ts";
import { givenClock } from "../support/clock.ts";
import { givenLimits } from "../support/limits.ts";

const BEACON = requireConfig(env).BEACON as NonNullable<ReturnType<typeof requireConfig>["BEACON"]>;
const [STAND_IN] = BEACON.urls as [string];
/** A port on which nothing listens. */
const DEAD = "http://127.0.0.1:1";
const PAST = 1_000;
const FAR_FUTURE = 9_000_000_000;

/** A relay that always behaves like this. */
const relay = (behavior: DrandBehavior) => `${STAND_IN}/_fake/${behavior}`;
/** Asks these relays, in this order. */
const ask = (urls: string[], round: number, chain = BEACON.chain) =>
  fetchRound({ ...requireConfig(env), BEACON: { ...BEACON, urls } }, chain, round);

/** The events that `work` logs. */
async function logged<T>(work: () => Promise<T>): Promise<[T, Record<string, unknown>[]]> {
  const spy = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const result = await work();
    return [result, spy.mock.calls.map(([line]) => JSON.parse(line))];
  } finally {
    spy.mockRestore();
  }
}

test("returns a round that the chain's key signed", async () => {
  const round = await ask([STAND_IN], PAST);
  expect(round).toMatchObject({ round: PAST });
  expect(await isSigned(BEACON.chain, round as NonNullable<typeof round>)).toBe(true);
});

test("returns the same round from every relay", async () => {
  const rounds = await Promise.all([ask([STAND_IN], PAST), ask([relay("honest")], PAST)]);
  expect(rounds[0]).toEqual(rounds[1]);
});

test.each<[DrandBehavior, RegExp]>([
  ["silent", /status 500/],
  ["slow", /timeout|aborted/i],
  ["garbage", /JSON/],
  ["huge", /more than 4096 bytes/],
  ["forged", /forged/],
  ["stale", /another round/],
  ["unsigned", /not signed/],
])("skips a relay that is %s, and logs it", async (behavior, cause) => {
  if (behavior === "slow") givenLimits("beacon", { limitMs: 500 });
  const [round, lines] = await logged(() => ask([relay(behavior), STAND_IN], PAST));
  expect(round).toMatchObject({ round: PAST });
  expect(lines).toEqual([
    {
      event: "beacon.relay_skipped",
      step: new URL(STAND_IN).host,
      cause: expect.stringMatching(cause),
    },
  ]);
});

test("skips a relay that does not exist", async () => {
  const [round, lines] = await logged(() => ask([DEAD, STAND_IN], PAST));
  expect(round).toMatchObject({ round: PAST });
  expect(lines).toHaveLength(1);
});

test("does not call a relay that failed five times in a row until a pause is over", async () => {
  const clock = givenClock(Date.now());
  allBreakers()
    .get(`beacon/${new URL(DEAD).host}`)
    ?.reset();
  const calls = vi.spyOn(globalThis, "fetch");
  onTestFinished(() => calls.mockRestore());
  const askedDead = () => calls.mock.calls.filter(([url]) => String(url).startsWith(DEAD)).length;
  const rounds = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      expect((await logged(() => ask([DEAD, STAND_IN], PAST)))[0]).toMatchObject({ round: PAST });
    }
  };
  await rounds(5);
  expect(askedDead()).toBe(5);
  await rounds(10);
  expect(askedDead()).toBe(5);
  clock.moveTo(Date.now() + 3_000);
  await rounds(10);
  expect(askedDead()).toBe(6); // the probe
});

test("returns nothing while no relay has the round, and has no other source of randomness", async () => {
  const lies = [relay("forged"), relay("unsigned"), relay("silent")];
  expect((await logged(() => ask(lies, PAST)))[0]).toBeNull();
});

test("a round that nobody has signed yet is no fault of the relay", async () => {
  expect(await logged(() => ask([STAND_IN], FAR_FUTURE))).toEqual([null, []]);
});

test("refuses a round of another chain than the one that the draw has named", async () => {
  const chain = { ...BEACON.chain, publicKey: QUICKNET.publicKey };
  const [round, lines] = await logged(() => ask([STAND_IN], PAST, chain));
  expect(round).toBeNull();
  expect(lines).toHaveLength(1);
});

test("without a setting, quicknet decides", () => {
  const result = readConfig({ ...env, BEACON: "" });
  expect(result.ok && chainOf(result.config)).toEqual(QUICKNET);
});
