// The frontier of a line never moves back and goes on, whatever becomes of the object, its clock, its alarm, its storage, Redis,
// and the beacon.
import { describe, expect, test, vi } from "vitest";
import { verifyDraw } from "../../src/admission/verify-draw.ts";
import { LineTables } from "../../src/line/tables.ts";
import { givenUnits } from "../inventory/object.ts";
import { clearRedisFault, redisIsBack, redisIsDown } from "../support/redis.ts";
import {
  CHAIN,
  drandIs,
  frontierOf,
  givenLine,
  givenOpenLine,
  inRedis,
  inside,
  line,
  OPENING,
  open,
  putToSleep,
  register,
  tick,
  tickFor,
} from "./object.ts";

const HOUR_MS = 3_600_000;

describe("never moves back, and goes on", () => {
  test("when the object restarts between any two ticks", async () => {
    const { saleId, clock } = await givenLine();
    await register(saleId, 1_000);
    await tickFor(saleId, clock, 1);
    await putToSleep(saleId);
    expect((await line(saleId).published())?.line.registered).toBe(1_000);
    await open(saleId, clock);
    const start = await frontierOf(saleId);
    for (let second = 0; second < 8; second += 1) {
      await tickFor(saleId, clock, 1);
      const told = (await inRedis(saleId))?.line.frontier as number;
      await putToSleep(saleId);
      expect(await frontierOf(saleId)).toBe(told);
    }
    expect((await frontierOf(saleId)) - start).toBeCloseTo(0.08);
  });

  test("when the clock jumps a day ahead and back", async () => {
    const { saleId, clock } = await givenOpenLine({ closesAt: OPENING + 3 * 86_400_000 });
    await tickFor(saleId, clock, 2);
    const before = await frontierOf(saleId);
    const now = Date.now();
    clock.moveTo(now + 86_400_000);
    await tick(saleId);
    const ahead = await frontierOf(saleId);
    expect(ahead - before).toBeCloseTo(0.02);
    clock.moveTo(now + 1_000);
    await tick(saleId);
    expect(await frontierOf(saleId)).toBe(ahead);
    await tickFor(saleId, clock, 5);
    expect((await frontierOf(saleId)) - ahead).toBeCloseTo(0.05);
    const checks = await verifyDraw(await line(saleId).draw(), { chain: CHAIN });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test.each([
    ["registration closes", OPENING - 60_000],
    ["the beacon is out", OPENING + 1_000],
  ])("when the clock jumps past everything and back before %s", async (_, from) => {
    const { saleId, clock } = await givenLine();
    await drandIs("honest");
    await register(saleId, 1_000);
    clock.moveTo(from);
    await tick(saleId);
    const before = await line(saleId).draw();
    clock.moveTo(OPENING + 2 * HOUR_MS);
    await tick(saleId);
    expect(await line(saleId).draw()).toEqual(before);
    expect(await frontierOf(saleId)).toBe(0);
    clock.moveTo(from + 1_000);
    await frontierOf(saleId);
    await drandIs("eager");
    await open(saleId, clock);
    await tickFor(saleId, clock, 5);
    expect(await frontierOf(saleId)).toBeGreaterThan(0.03);
    expect(await frontierOf(saleId)).toBeLessThan(0.1);
    expect(await line(saleId).draw()).toMatchObject({ round: before?.round, revealed: true });
  });

  test("when the clock jumps past the close of the sale and back", async () => {
    const { saleId, clock } = await givenOpenLine();
    await tickFor(saleId, clock, 3);
    const [before, now] = [await frontierOf(saleId), Date.now()];
    clock.moveTo(OPENING + 2 * HOUR_MS);
    await tick(saleId);
    expect((await inRedis(saleId))?.line.over).toBe(true);
    clock.moveTo(now + 1_000);
    expect(await frontierOf(saleId)).toBe(before);
    await tickFor(saleId, clock, 5);
    expect((await inRedis(saleId))?.line.over).toBe(false);
    expect((await frontierOf(saleId)) - before).toBeCloseTo(0.05, 1);
  });

  test("after the alarm was lost, as soon as anyone asks", async () => {
    const { saleId, clock } = await givenOpenLine();
    await inside(saleId, (_, { storage }) => storage.deleteAlarm());
    await putToSleep(saleId);
    expect(await line(saleId).published()).not.toBeNull();
    const before = await frontierOf(saleId);
    await tickFor(saleId, clock, 1);
    expect(await frontierOf(saleId)).toBeGreaterThan(before);
  });

  test("while Redis is down, with the stock of the SKUs' objects", async () => {
    const skuId = await givenUnits(500, { price: 100 });
    const skus = [{ id: skuId, stock: 500, isFree: false, perUserLimit: 1 }];
    const { saleId, clock } = await givenOpenLine({ skus });
    await redisIsDown();
    const before = await frontierOf(saleId);
    await tickFor(saleId, clock, 5);
    expect((await frontierOf(saleId)) - before).toBeCloseTo(0.05);
    await clearRedisFault();
    await redisIsBack();
    await tickFor(saleId, clock, 1);
    expect((await inRedis(saleId))?.line.frontier).toBe(await frontierOf(saleId));
  });

  test("not while the stock is unknown", async () => {
    const skus = [{ id: "sku-that-nobody-knows", stock: 5, isFree: false, perUserLimit: 1 }];
    const { saleId, clock } = await givenOpenLine({ skus });
    await tickFor(saleId, clock, 5);
    expect(await frontierOf(saleId)).toBe(0);
  });

  test.each(["silent", "forged", "unsigned", "stale", "garbage"] as const)(
    "once the beacon answers, if it was %s at first",
    async (behavior) => {
      const { saleId, clock } = await givenLine();
      await drandIs(behavior);
      await register(saleId, 1_000);
      await open(saleId, clock);
      await tickFor(saleId, clock, 5);
      expect((await inRedis(saleId))?.line).toMatchObject({ frontier: 0, notice: "beacon_late" });
      await line(saleId).change({ notice: "Back at noon" });
      await tickFor(saleId, clock, 1);
      const both = { notice: "Back at noon", beaconLate: true };
      expect((await inRedis(saleId))?.line).toMatchObject(both);
      await line(saleId).change({ notice: null });
      expect(await line(saleId).operatorReport()).toMatchObject({ beacon: { state: "late" } });
      expect(await line(saleId).draw()).toMatchObject({ revealed: false });
      await drandIs("eager");
      await tickFor(saleId, clock, 2);
      expect(await frontierOf(saleId)).toBeGreaterThan(0);
      expect(await line(saleId).operatorReport()).toMatchObject({
        notice: null,
        beacon: { state: "known" },
      });
    },
  );
});

test("tells nobody of a position that it could not store", async () => {
  const { saleId, clock } = await givenOpenLine();
  await tickFor(saleId, clock, 2);
  const [before, draw] = [await inRedis(saleId), await line(saleId).draw()];
  const spy = vi.spyOn(LineTables.prototype, "save").mockImplementation(() => {
    throw new Error("the disk is full");
  });
  await tickFor(saleId, clock, 3);
  expect(await inRedis(saleId)).toEqual(before);
  expect(await frontierOf(saleId)).toBe(before?.line.frontier);
  expect(await line(saleId).draw()).toEqual(draw);
  spy.mockRestore();
  await tickFor(saleId, clock, 2);
  expect(await frontierOf(saleId)).toBeGreaterThan(before?.line.frontier as number);
});
