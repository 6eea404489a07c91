// The object of a line counts people, moves its frontier by its alarm, and tells where it is.
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { readPass } from "../../src/admission/pass.ts";
import { publicLineSchema } from "../../src/admission/public-line.ts";
import { verifyDraw } from "../../src/admission/verify-draw.ts";
import { requireConfig } from "../../src/config/config.ts";
import { givenLiveStock, unique, until } from "../support/shop.ts";
import {
  CHAIN,
  DRAWN,
  frontierOf,
  givenLine,
  givenOpenLine,
  inRedis,
  line,
  OPENING,
  open,
  putToSleep,
  register,
  termsOf,
  tick,
  tickFor,
} from "./object.ts";

const secret = () => requireConfig(env).SIGNING_SECRET;

describe("a line", () => {
  test("counts, waits for the beacon, and admits by the rate", async () => {
    const { saleId, clock } = await givenLine();
    await register(saleId, 1_000);
    await tickFor(saleId, clock, 1);
    expect((await inRedis(saleId))?.line).toMatchObject({ registered: 1_000, waiting: 1_000 });

    clock.moveTo(OPENING + 1_000);
    await tick(saleId);
    expect(await frontierOf(saleId)).toBe(0);
    await open(saleId, clock);
    const before = await frontierOf(saleId);
    await tickFor(saleId, clock, 8);
    expect((await frontierOf(saleId)) - before).toBeCloseTo(0.08);
    const published = await inRedis(saleId);
    expect(published?.line.admittedPerSecond).toBeCloseTo(10);
    expect(published?.line.waiting).toBeCloseTo(1_000 * (1 - (published?.line.frontier ?? 0)), 0);
  });

  test("publishes a valid line, with a pass for the same frontier", async () => {
    const { saleId, clock } = await givenOpenLine({}, 100);
    await tickFor(saleId, clock, 3);
    const published = await inRedis(saleId);
    expect(publicLineSchema.parse(published?.line)).toEqual(published?.line);
    const pass = readPass(secret(), published?.pass, saleId);
    expect(pass).toMatchObject({ saleId, frontier: published?.line.frontier, closesAt: OPENING });
    expect(pass?.draw).not.toBeNull();
    expect(JSON.stringify(published?.line)).not.toContain(pass?.draw?.seed);
  });

  test("publishes a draw that anyone can verify, and its seed only with the beacon", async () => {
    const { saleId, clock } = await givenLine();
    await register(saleId, 100);
    const before = await line(saleId).draw();
    expect(before).toMatchObject({ saleId, revealed: false });
    expect(Object.keys(before ?? {})).not.toContain("seed");
    await open(saleId, clock);
    for (let restart = 0; restart < 5; restart += 1) {
      await tickFor(saleId, clock, 2);
      await putToSleep(saleId);
    }
    const draw = await line(saleId).draw();
    expect(draw).toMatchObject({ commitment: before?.commitment, round: before?.round });
    const checks = await verifyDraw(draw, { chain: CHAIN });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(draw?.revealed && draw.history.length).toBeGreaterThan(5);
  });

  test("takes its last positions into the history when it is over", async () => {
    const { saleId, clock, skuId } = await givenOpenLine();
    await tickFor(saleId, clock, 3);
    await givenLiveStock(skuId, { available: 0 });
    await tickFor(saleId, clock, 1);
    const draw = await line(saleId).draw();
    expect(draw?.revealed && draw.history.at(-1)?.[1]).toBe(await frontierOf(saleId));
    expect(draw?.revealed && draw.historyHash).toBe((await inRedis(saleId))?.line.historyHash);
  });
});

test("ticks on its own", async () => {
  const [saleId, skuId] = [unique("line"), unique("line-sku")];
  await givenLiveStock(skuId, { available: 1_000 });
  const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
  const times = { opensAt: minutesAgo(2), registrationClosesAt: minutesAgo(2) };
  const terms = termsOf(skuId, { ...times, registrationOpensAt: minutesAgo(3) });
  await line(saleId).configure({ saleId, revision: 1, terms });
  await register(saleId, 1_000, minutesAgo(2.5));
  await until("three published positions", async () => {
    const draw = await line(saleId).draw();
    return draw?.revealed && draw.history.length >= 3;
  });
  await line(saleId).configure({ saleId, revision: 2, terms: null });
  await until("the line leaves Redis", async () => (await inRedis(saleId)) === null);
});

describe("tells", () => {
  test("that units may return, that all is over, and that it goes on after a restock", async () => {
    const { saleId, skuId, clock } = await givenOpenLine();
    await givenLiveStock(skuId, { available: 0, held: 3 });
    await tickFor(saleId, clock, 1);
    expect((await inRedis(saleId))?.line).toMatchObject({ over: false, mayReturn: true });
    const before = await frontierOf(saleId);

    await givenLiveStock(skuId, { available: 0, held: 0 });
    await tickFor(saleId, clock, 3);
    expect((await inRedis(saleId))?.line).toMatchObject({ over: true, mayReturn: false });
    expect(await frontierOf(saleId)).toBe(before);

    await givenLiveStock(skuId, { available: 5 });
    await tickFor(saleId, clock, 1);
    expect((await inRedis(saleId))?.line).toMatchObject({ over: false, mayReturn: false });
    expect(await frontierOf(saleId)).toBeGreaterThan(before);
  });

  test("that a sale has closed, with its last tick", async () => {
    const { saleId, clock } = await givenLine();
    clock.moveTo(OPENING + 3_600_000);
    await tick(saleId);
    expect((await inRedis(saleId))?.line).toMatchObject({ over: true });
    expect(await tick(saleId)).toBe(false);
  });

  test("nothing of units that were sold out before the opening", async () => {
    const { saleId, skuId, clock } = await givenLine();
    await givenLiveStock(skuId, { available: 0 });
    await register(saleId, 1);
    await tickFor(saleId, clock, 1);
    expect((await inRedis(saleId))?.line).toMatchObject({ over: false, mayReturn: false });
    clock.moveTo(DRAWN);
    await tick(saleId);
    expect((await inRedis(saleId))?.line.over).toBe(true);
  });
});
