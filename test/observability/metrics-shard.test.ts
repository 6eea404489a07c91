// A shard of the metrics: what it keeps, what a restart loses, and what it costs.
import { beforeEach, expect, test, vi } from "vitest";
import type { Frame } from "../../src/observability/frame.ts";
import { MIGRATIONS } from "../../src/observability/shard-tables.ts";
import { givenClock } from "../support/clock.ts";
import { ddlOf, versionOf } from "../support/tables.ts";
import { aShard, passed } from "./shard.ts";

const BUCKET = 5_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A full hour, so that buckets and minutes start with it. */
const START = Math.ceil(Date.now() / HOUR) * HOUR + DAY;

let clock: ReturnType<typeof givenClock>;
beforeEach(() => {
  clock = givenClock(START);
});

const countIn = (frame: Frame | undefined) => frame?.counters.get("funnel_passed|drop") ?? 0;
/** What the shard counted by step, as `[seconds since the start, count]`. */
async function countsOf(shard: ReturnType<typeof aShard>, step = BUCKET, from = START - HOUR) {
  const { frames } = await shard.read({ from, step });
  return frames.map(([at, frame]) => [(at - START) / 1_000, countIn(frame)]);
}
/** Sends a batch in each bucket of so many seconds. */
async function sendFor(shard: ReturnType<typeof aShard>, seconds: number) {
  for (let second = 0; second < seconds; second += BUCKET / 1_000) {
    await shard.send(passed(1));
    clock.moveTo(Date.now() + BUCKET);
  }
}

test("pins the tables, which only a migration may change", async () => {
  const shard = aShard();
  expect(await shard.inside((_, { storage }) => ddlOf(storage.sql))).toEqual({
    schema_version:
      "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
    recent: "CREATE TABLE recent (at INTEGER PRIMARY KEY, frame TEXT NOT NULL)",
    minutes: "CREATE TABLE minutes (at INTEGER PRIMARY KEY, frame TEXT NOT NULL)",
    state: "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)",
  });
  expect(await shard.inside((_, { storage }) => versionOf(storage.sql))).toBe(MIGRATIONS.length);
});

test("adds batches up by the time at which they arrive", async () => {
  const shard = aShard();
  await shard.send(passed(2));
  clock.moveTo(START + 4_999);
  await shard.send(passed(3));
  clock.moveTo(START + 12_000);
  await shard.send(passed(4));
  expect(await countsOf(shard)).toEqual([
    [0, 5],
    [10, 4],
  ]);
  expect(await countsOf(shard, MINUTE)).toEqual([[0, 9]]);
  const { totals, lost } = await shard.read({ from: START, step: BUCKET });
  expect([countIn(totals), lost]).toEqual([9, 0]);
});

test("counts a repeated batch once, also after a restart", async () => {
  const shard = aShard();
  await shard.send(passed(2), 1);
  await shard.send(passed(2), 1);
  await shard.add("isolate", [
    { number: 1, frame: passed(2) },
    { number: 2, frame: passed(3) },
  ]);
  clock.moveTo(START + BUCKET);
  await shard.send(passed(10), 3);
  await shard.restart();
  await shard.send(passed(2), 1);
  await shard.send(passed(3), 2);
  expect(await countsOf(shard)).toEqual([[0, 5]]);
});

test("a restart loses at most the current five seconds, and says so", async () => {
  const shard = aShard();
  await shard.send(passed(1));
  clock.moveTo(START + BUCKET);
  await shard.send(passed(10)); // stores the first bucket
  await shard.send(passed(100));
  await shard.restart();
  expect(await countsOf(shard)).toEqual([[0, 1]]);
  await shard.send(passed(1_000));
  const { totals, lost } = await shard.read({ from: START, step: BUCKET });
  expect([countIn(totals), lost]).toEqual([1_001, 2]);
});

test("stores what it has after five seconds, even if nothing else arrives", async () => {
  const shard = aShard();
  await shard.send(passed(7));
  const rows = () =>
    shard.inside((_, { storage }) => storage.sql.exec("SELECT at FROM recent").toArray().length);
  expect(await rows()).toBe(0);
  await vi.waitUntil(async () => (await rows()) === 1, { timeout: 60_000 });
  await shard.restart();
  expect(await countsOf(shard)).toEqual([[0, 7]]);
});

test("writes two rows for five seconds of counts, however many batches arrive", async () => {
  const shard = aShard();
  await shard.send(passed(1));
  await shard.inside((_, { storage }) => {
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    const written: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    sql.exec = ((query: string, ...bindings: unknown[]) => {
      const cursor = exec(query, ...bindings);
      written.push(cursor);
      return cursor;
    }) as typeof sql.exec;
    Object.assign(storage, { written });
  });
  for (let batch = 0; batch < 500; batch += 1) await shard.send(passed(1, `sale-${batch % 50}`));
  clock.moveTo(START + BUCKET);
  await shard.send(passed(1));
  const rows = await shard.inside((_, { storage }) =>
    (storage as unknown as { written: { rowsWritten: number }[] }).written.reduce(
      (sum, { rowsWritten }) => sum + rowsWritten,
      0,
    ),
  );
  expect(rows).toBe(2);
});

test("keeps steps of five seconds for an hour and of a minute for a month", async () => {
  const shard = aShard();
  await sendFor(shard, 120);
  expect(await countsOf(shard, MINUTE)).toEqual([
    [0, 12],
    [60, 12],
  ]);
  clock.moveTo(START + 2 * HOUR);
  await sendFor(shard, 70);
  expect((await countsOf(shard, BUCKET, START)).map(([at]) => at)).toEqual(
    Array.from({ length: 14 }, (_, index) => 7_200 + 5 * index),
  );
  expect(await countsOf(shard, MINUTE)).toEqual([
    [0, 12],
    [60, 12],
    [7_200, 12],
    [7_260, 2],
  ]);
  clock.moveTo(START + 32 * DAY);
  await sendFor(shard, 70);
  expect(await countsOf(shard, MINUTE, START)).toEqual([
    [32 * 86_400, 12],
    [32 * 86_400 + 60, 2],
  ]);
  expect(countIn((await shard.read({ from: START, step: BUCKET })).totals)).toBe(52);
});

test("reads a span up to its end, whether the counts are stored or not", async () => {
  const shard = aShard();
  await sendFor(shard, 180);
  await shard.send(passed(1));
  const read = async (seconds: number) => {
    const to = START + seconds * 1_000;
    const { frames } = await shard.read({ from: START, to, step: MINUTE });
    return frames.map(([, frame]) => countIn(frame));
  };
  expect(await read(60)).toEqual([12]);
  expect(await read(120)).toEqual([12, 12]);
  expect(await read(180)).toEqual([12, 12, 12]);
  expect(await read(240)).toEqual([12, 12, 12, 1]);
});

test("counts go on when the clock jumps, and none is lost", async () => {
  const shard = aShard();
  await sendFor(shard, 20);
  clock.moveTo(START + 5 * HOUR);
  await sendFor(shard, 20);
  clock.moveTo(START + 5_000);
  await sendFor(shard, 20);
  await shard.restart();
  clock.moveTo(START + 30_000);
  await shard.send(passed(1));
  const { totals, lost } = await shard.read({ from: START, step: BUCKET });
  // The restart lost the bucket that was not stored yet.
  expect(countIn(totals) + lost).toBe(13);
  expect((await countsOf(shard, MINUTE)).reduce((sum, [, count]) => sum + (count ?? 0), 0)).toBe(
    countIn(totals),
  );
});
