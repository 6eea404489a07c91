// Kills the Worker, and with it the controllers of two lines, at random moments: while people register, while the draw waits
// for the beacon, while people are admitted, and near the end.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import type { DrawDocument, FrontierStep } from "../../src/admission/draw.ts";
import { earlyPlace } from "../../src/admission/place.ts";
import { verifyDraw } from "../../src/admission/verify-draw.ts";
import { Client, expectOk } from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { startWorkerProcess } from "../../src/local/spawn-miniflare.ts";
import { startServices } from "../../src/local/stack.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";
import {
  type Journal,
  type LineSale,
  lineSale,
  newJournal,
  type Person,
  standInLine,
  watch,
} from "./line-sale.ts";
import { seededRandom } from "./seed.ts";

const PEOPLE = 40;
/** A third of the people come after the close. */
const EARLY_SHARE = 2 / 3;
const STOCK = 25;
const RATE = 2;
const REGISTRATION_MS = 12_000;
/** From the close to the round of the beacon, and for how long people come late. */
const BEACON_MS = 10_000;
/** A position reaches every edge within this time. */
const PUBLISHED_WITHIN_MS = 3_000;
/** Of the units that are taken when the Worker is killed: one of each range. */
const SHARES_TAKEN = [0, 0.3, 0.6, 0.9];

interface Scene {
  sale: LineSale;
  mode: "queue" | "draw";
  journal: Journal;
}

/** An instance that can be killed, and starts again on the same state and port. */
async function startInstance() {
  const stateDir = makeTempDir("line-kill");
  const services = await startServices(stateDir);
  onTestFinished(() => services.stop());
  const settings = {
    script: inject("builtWorker"),
    stateDir: join(stateDir, "worker"),
    vars: { ...services.vars, ...PATIENT_BREAKERS },
  };
  let worker = await startWorkerProcess(settings);
  onTestFinished(() => worker.stop());
  const port = Number(new URL(worker.url).port);
  return {
    client: new Client(worker.url, LOCAL_ADMIN_TOKEN),
    chain: services.drand.chain,
    async crash() {
      await worker.kill();
      worker = await startWorkerProcess({ ...settings, port });
    },
  };
}

type Instance = Awaited<ReturnType<typeof startInstance>>;

const sign = tokenSigner(LOCAL_AUTH_SECRET);

async function people({ sale: { id } }: Scene, at: number): Promise<Person[]> {
  return Promise.all(
    Array.from({ length: PEOPLE }, async (_, nth) => {
      const user = `${id}-${nth}`;
      return { user, token: await sign(user), ip: `198.${18 + at}.${nth}.1` };
    }),
  );
}

/** Everyone comes at a random moment, and stays until they have a unit or the line is over. */
async function crowd({ client }: Instance, scene: Scene, at: number, random: () => number) {
  const { sale, journal } = scene;
  const now = Date.now();
  const everyone = (await people(scene, at)).map((person, nth) => ({
    person,
    comesAt:
      nth < PEOPLE * EARLY_SHARE
        ? now + random() * (sale.closesAt - now)
        : sale.closesAt + random() * BEACON_MS,
  }));
  await Promise.all(
    everyone.map(async ({ person, comesAt }) => {
      await pause(comesAt - now);
      await standInLine(client, sale, person, journal);
    }),
  );
}

/** Kills the Worker in each phase of the lines. */
async function crashes({ client, crash }: Instance, scenes: Scene[], random: () => number) {
  const { closesAt } = (scenes[0] as Scene).sale;
  const until = (time: number) => pause(Math.max(0, time - Date.now()));
  await until(closesAt - random() * (REGISTRATION_MS - 2_000));
  await crash();
  await until(closesAt + random() * BEACON_MS);
  await crash();
  for (const [index, from] of SHARES_TAKEN.entries()) {
    const share = from + random() * ((SHARES_TAKEN[index + 1] ?? 1) - from);
    const { sku } = (scenes[index % scenes.length] as Scene).sale;
    await vi.waitUntil(async () => (await client.ledger(sku)).sold >= share * STOCK, {
      timeout: 120_000,
      interval: 50,
    });
    await crash();
  }
}

/** The positions of the frontier by time, as the line and the history of its draw told them. */
function positions({ lines }: Journal, history: FrontierStep[]): FrontierStep[] {
  const told = lines.map(({ asOf, frontier }): FrontierStep => [Date.parse(asOf), frontier]);
  return [...told, ...history].toSorted(([a], [b]) => a - b);
}

async function readDraw({ client, chain }: Instance, { sale }: Scene) {
  const draw = (await client.draw(sale.id)).body as DrawDocument;
  expect((await verifyDraw(draw, { chain })).filter(({ ok }) => !ok)).toEqual([]);
  if (!draw.revealed) throw new Error("not revealed");
  return draw;
}

/** Everyone has one place throughout, which only a later ticket of one's own makes worse, and the drawn one if early. */
function checkPlaces({ sale, journal }: Scene, draw: { seed: string; randomness: string }): void {
  for (const [userId, own] of Map.groupBy(journal.told, ({ user }) => user)) {
    const first = own[0]?.ticket;
    const places = own.flatMap(({ ticket, place }) => (ticket === first ? (place ?? []) : []));
    expect(new Set(places).size, `${userId}: ${places}`).toBeLessThanOrEqual(1);
    const [place = Number.NaN] = places;
    for (const other of own) expect(other.place ?? place).toBeGreaterThanOrEqual(place);
    if ((own[0]?.answeredAt ?? 0) < sale.closesAt) {
      expect(place).toBe(earlyPlace(draw, { saleId: sale.id, userId }));
    }
  }
}

/** The place of a person's first ticket. */
function placeIn({ told }: Journal, user: string): number | null | undefined {
  const own = told.filter((each) => each.user === user);
  return own.find(({ ticket, place }) => ticket === own[0]?.ticket && place !== null)?.place;
}

/** Whoever was admitted stays so, and nobody waits while people behind them are admitted. */
function checkOrder({ journal }: Scene): void {
  const first = Map.groupBy(journal.told, ({ user }) => user);
  for (const [user, own] of first) {
    const { ticket } = own[0] as (typeof own)[number];
    const states = own.filter((told) => told.ticket === ticket).map(({ state }) => state);
    const turn = states.indexOf("admitted");
    if (turn >= 0) expect(states.slice(turn), user).not.toContain("waiting");
  }
  const admitted = journal.told.filter(({ state }) => state === "admitted");
  for (const { user, place, state, sentAt } of journal.told) {
    if (state !== "waiting" || place === null) continue;
    const behind = admitted.find(
      (other) => (other.place ?? 0) > place && other.answeredAt + PUBLISHED_WITHIN_MS < sentAt,
    );
    expect(behind, `${user} with place ${place} waited`).toBeUndefined();
  }
}

async function check(instance: Instance, scene: Scene): Promise<void> {
  const { sale, journal } = scene;
  const draw = await readDraw(instance, scene);
  const known = positions(journal, draw.history);
  for (const [index, [, frontier]] of known.entries()) {
    expect(frontier).toBeGreaterThanOrEqual(known[index - 1]?.[1] ?? 0);
  }
  checkPlaces(scene, draw);
  checkOrder(scene);
  const orders = await instance.client.ledgerOrders(sale.sku);
  expect(orders.map(({ id }) => id).sort()).toEqual(journal.accepted.map(({ id }) => id).sort());
  for (const { userId, createdAt } of orders) {
    const after = known.find(([at]) => at >= Date.parse(createdAt)) ?? known.at(-1);
    expect(placeIn(journal, userId)).toBeLessThanOrEqual(after?.[1] ?? 0);
  }
  // Units can be gone by the time of an order, but its buyer's turn never is.
  expect(journal.refused.filter(({ status }) => status !== 409)).toEqual([]);
  await vi.waitUntil(async () => (await instance.client.ledger(sale.sku)).held === 0, 120_000);
  expect(await instance.client.ledger(sale.sku)).toMatchObject({ available: 0 });
  expect(orders).toHaveLength(STOCK);
}

test("lines whose controllers are killed in every phase keep places, order, and turns, and sell out", async () => {
  const random = seededRandom();
  const instance = await startInstance();
  const closesAt = Date.now() + REGISTRATION_MS;
  const scenes = (["queue", "draw"] as const).map((mode): Scene => {
    const sale = { id: `kill-${mode}`, sku: `kill-${mode}-sku`, closesAt, stock: STOCK };
    return { sale, mode, journal: newJournal() };
  });
  for (const { sale, mode } of scenes) {
    expectOk(await instance.client.putSale(lineSale(sale, mode, RATE)));
  }
  const ended = new AbortController();
  const background = scenes.map(({ sale, journal }) =>
    watch(instance.client, sale, journal, ended.signal),
  );
  const killing = crashes(instance, scenes, random);
  await Promise.all(scenes.map((scene, at) => crowd(instance, scene, at, random)));
  await killing;
  ended.abort();
  await Promise.all(background);
  for (const scene of scenes) await check(instance, scene);
}, 600_000);
