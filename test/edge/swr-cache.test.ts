// A value that everybody reads: how often its source is asked, and how old it may get.
import { beforeEach, describe, expect, test } from "vitest";
import { readCounters } from "../../src/observability/metrics.ts";
import { givenClock } from "../support/clock.ts";
import { unique, until } from "../support/shop.ts";
import {
  aMoment,
  anIsolate,
  aReader,
  aSource,
  FRESH,
  inColo,
  REVALIDATE,
  read,
  STALE,
} from "./isolates.ts";

let start: number;

beforeEach(() => {
  start = aMoment();
});

test("2,000 first visitors at once ask the source once", async () => {
  const source = aSource();
  const isolate = anIsolate(source);
  const values = await Promise.all(Array.from({ length: 2_000 }, () => read(isolate)));
  expect(new Set(values)).toEqual(new Set(["v1"]));
  expect(source.loads).toBe(1);
});

test("is fresh, then served while one caller refreshes it, then waited for", async () => {
  const clock = givenClock(start);
  const source = aSource();
  const isolate = anIsolate(source);
  expect(await read(isolate)).toBe("v1");

  clock.moveTo(start + FRESH - 1);
  expect([await read(isolate), source.loads]).toEqual(["v1", 1]);

  clock.moveTo(start + REVALIDATE - 1);
  const crowd = await Promise.all([1, 2, 3].map(() => read(isolate)));
  expect(crowd).toEqual(["v1", "v1", "v1"]);
  await until("it is refreshed", async () => (await read(isolate)) === "v2");
  expect(source.loads).toBe(2);

  clock.moveTo(start + 3 * REVALIDATE);
  expect(await read(isolate)).toBe("v3");
});

test("renewed early: those who ask get the newest, everybody else has it from then on", async () => {
  const clock = givenClock(start);
  const source = aSource();
  const isolate = anIsolate(source);
  await read(isolate);
  clock.moveTo(start + 1);
  const asked = await Promise.all([1, 2, 3].map(() => isolate.renew(aReader())));
  expect(asked.map(({ value }) => value)).toEqual(["v2", "v2", "v2"]);
  expect([await read(isolate), source.loads]).toEqual(["v2", 2]);
});

describe("while its source fails", () => {
  test("what is renewed early stays, and is asked for again only when it is due", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const isolate = anIsolate(source);
    await read(isolate);
    source.broken = true;
    clock.moveTo(start + 1);
    await expect(isolate.renew(aReader())).rejects.toThrow("broken");
    const { loads } = source;
    clock.moveTo(start + FRESH / 2);
    expect([await read(isolate), source.loads]).toEqual(["v1", loads]);
  });

  test("an old value serves up to its bound, and says that it is stale", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const isolate = anIsolate(source);
    await read(isolate);
    source.broken = true;

    clock.moveTo(start + REVALIDATE - 1);
    expect(await read(isolate)).toBe("v1");
    clock.moveTo(start + REVALIDATE + 1_000);
    expect(await read(isolate)).toBe("v1 stale");
    clock.moveTo(start + STALE - 1);
    expect(await read(isolate)).toBe("v1 stale");
    clock.moveTo(start + STALE);
    for (const _ of [1, 2]) await expect(read(isolate)).rejects.toThrow("broken");
    source.broken = false;
    clock.moveTo(start + STALE + 1_000);
    expect(await read(isolate)).toMatch(/^v\d+$/);
  });

  test("each answer with an old value is counted", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const name = unique("value");
    const isolate = anIsolate(source, name);
    await read(isolate);
    source.broken = true;
    clock.moveTo(start + REVALIDATE - 1);
    await read(isolate);
    expect(readCounters()[`stale|${name}`]).toBeUndefined();
    clock.moveTo(start + 10_000);
    for (const _ of [1, 2, 3]) await read(isolate);
    expect(readCounters()[`stale|${name}`]).toBe(3);
  });

  test("it is asked once a second, whoever comes", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const isolate = anIsolate(source);
    await read(isolate);
    source.broken = true;
    clock.moveTo(start + 10_000);
    await Promise.all(Array.from({ length: 100 }, () => read(isolate)));
    for (let i = 0; i < 10; i += 1) await read(isolate);
    expect(source.loads).toBe(2);
    clock.moveTo(start + 11_000);
    await read(isolate);
    expect(source.loads).toBe(3);
  });

  test("a fallback answers where no old value can", async () => {
    const source = aSource();
    source.broken = true;
    const isolate = anIsolate(source, undefined, async () => 99);
    expect(await read(isolate)).toBe("v99");
  });

  test("an isolate that never read it takes the colo's copy, however old it may be by then", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const name = unique("value");
    await read(anIsolate(source, name));
    await inColo(name);
    source.broken = true;
    clock.moveTo(start + STALE - 1);
    expect(await read(anIsolate(source, name))).toBe("v1 stale");
    clock.moveTo(start + STALE);
    await expect(read(anIsolate(source, name))).rejects.toThrow("broken");
  });
});

test("peek never waits, but sees to it that the value is known soon", async () => {
  const isolate = anIsolate(aSource());
  expect(isolate.peek(aReader())).toBeUndefined();
  await until("it is known", () => isolate.peek(aReader()) === "v1");
});

test("peek never gives what is older than its bound", async () => {
  const clock = givenClock(start);
  const source = aSource();
  const isolate = anIsolate(source);
  await read(isolate);
  source.broken = true;
  clock.moveTo(start + REVALIDATE);
  expect(isolate.peek(aReader())).toBe("v1");
  clock.moveTo(start + REVALIDATE + 1);
  expect(isolate.peek(aReader())).toBeUndefined();
});
