// What a line costs: the same however many people wait.
import { expect, test, vi } from "vitest";
import type { Arrival } from "../../src/admission/client.ts";
import { SAMPLE_LIMIT } from "../../src/line/arrival-sample.ts";
import { randomNumbers } from "../support/random.ts";
import { redisCost } from "../support/redis.ts";
import { givenLine, inside, line, OPENING, open, register, tick, tickFor } from "./object.ts";

/** The rows that `work` writes, and the alarms that it sets, which are billed as rows. */
async function rowsWritten(saleId: string, work: () => Promise<unknown>): Promise<number> {
  const counted = await inside(saleId, (_, { storage }) => {
    const cursors: { rowsWritten: number }[] = [];
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    const spies = [
      vi.spyOn(sql, "exec").mockImplementation(((...args: Parameters<typeof exec>) => {
        const cursor = exec(...args);
        cursors.push(cursor);
        return cursor;
      }) as typeof sql.exec),
      vi.spyOn(storage, "setAlarm"),
    ] as const;
    return { cursors, spies };
  });
  await work();
  const rows = counted.cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
  const alarms = counted.spies[1].mock.calls.length;
  for (const spy of counted.spies) spy.mockRestore();
  return rows + alarms;
}

/** Reports of isolates: 100 people each, some of them again. */
async function registerMany(saleId: string, people: number): Promise<void> {
  const random = randomNumbers(7);
  for (let report = 0; report < people / 100; report += 1) {
    const arrivals = Array.from({ length: 100 }, (): Arrival => {
      return [Math.floor(random() * 2 ** 52), OPENING - 60_000];
    });
    await line(saleId).report(arrivals, 0);
    if (report % 10 === 0) await line(saleId).report(arrivals, 0);
  }
}

test("a tick costs two Redis commands and at most four rows, for ten people or for 100,000", async () => {
  for (const people of [10, 100_000]) {
    const { saleId, clock } = await givenLine();
    await registerMany(saleId, people);
    await open(saleId, clock);
    await tickFor(saleId, clock, 2);
    clock.moveTo(Date.now() + 1_000);
    // Only work inside the object counts as the object's.
    const { roundTrips, commands } = await inside(saleId, (object) =>
      redisCost(() => object.alarm()),
    );
    expect([roundTrips, commands]).toEqual([2, 2]);
    await register(saleId, 10, OPENING - 1);
    clock.moveTo(Date.now() + 1_000);
    expect(await rowsWritten(saleId, () => tick(saleId))).toBeLessThanOrEqual(4);
  }
});

test("reports write no row before the next tick", async () => {
  const { saleId } = await givenLine();
  await register(saleId, 1);
  expect(await rowsWritten(saleId, () => registerMany(saleId, 1_000))).toBe(0);
});

test("stores at most 200 kB, and publishes at most 10 kB, however many people are reported", async () => {
  const { saleId, clock } = await givenLine();
  await registerMany(saleId, 100_000);
  await open(saleId, clock);
  await tickFor(saleId, clock, 60);
  const bytes = await inside(saleId, (_, { storage }) => storage.sql.databaseSize);
  expect(bytes).toBeLessThan(200_000);
  expect(JSON.stringify(await line(saleId).published()).length).toBeLessThan(10_000);
  const report = await line(saleId).operatorReport();
  expect(report?.registered).toBeGreaterThan(95_000);
  expect(report?.registered).toBeLessThan(105_000);
});

test("tells the senders of reports which people it needs no report of", async () => {
  const { saleId } = await givenLine();
  const few: Arrival[] = [[1, OPENING]];
  expect(await line(saleId).report(few, 0)).toBe(0);
  await registerMany(saleId, 2 * SAMPLE_LIMIT + 1_000);
  expect(await line(saleId).report([], 0)).toBeGreaterThan(0);
});

test("ticks every five seconds only while nobody waits", async () => {
  const { saleId, clock } = await givenLine();
  const next = async () => {
    const at = await inside(saleId, (_, { storage }) => storage.getAlarm());
    return (at ?? 0) - Date.now();
  };
  await tickFor(saleId, clock, 1);
  expect(await next()).toBe(5_000);
  await register(saleId, 100);
  expect(await next()).toBe(1_000);
  await open(saleId, clock);
  expect(await next()).toBe(1_000);
  await tickFor(saleId, clock, 20);
  expect(await next()).toBe(5_000);
});
