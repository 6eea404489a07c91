// SwrCache in one isolate: how often the source is read, and how old a value may get.
import { beforeEach, describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { counted } from "../support/metrics.ts";
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

test("2,000 simultaneous first reads load the source once", async () => {
  const source = aSource();
  const isolate = anIsolate(source);
  const values = await Promise.all(Array.from({ length: 2_000 }, () => read(isolate)));
  expect(new Set(values)).toEqual(new Set(["v1"]));
  expect(source.loads).toBe(1);
});

test("a value is served fresh, then served while one caller refreshes it, then awaited", async () => {
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

test("a caller who wants a newer value waits for it, and others are served at once", async () => {
  const clock = givenClock(start);
  const source = aSource();
  const isolate = anIsolate(source);
  await read(isolate);
  clock.moveTo(start + REVALIDATE - 1);
  expect(await read(isolate)).toBe("v1");
  await until("it is refreshed", async () => (await read(isolate)) === "v2");
  clock.moveTo(start + 2 * (REVALIDATE - 1));
  expect((await isolate.read(aReader(), { waitMs: FRESH })).value).toBe("v3");
});

test("renew returns the newest value, which later reads get too", async () => {
  const clock = givenClock(start);
  const source = aSource();
  const isolate = anIsolate(source);
  await read(isolate);
  clock.moveTo(start + 1);
  const renewed = await Promise.all([1, 2, 3].map(() => isolate.renew(aReader())));
  expect(renewed.map(({ value }) => value)).toEqual(["v2", "v2", "v2"]);
  expect([await read(isolate), source.loads]).toEqual(["v2", 2]);
});

describe("while the source fails", () => {
  test("a failed renew retains the held value and its schedule", async () => {
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

  test("an old value is served as stale up to its limit", async () => {
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

  test("every stale read is counted", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const name = unique("value");
    const isolate = anIsolate(source, name);
    await read(isolate);
    source.broken = true;
    clock.moveTo(start + REVALIDATE - 1);
    await read(isolate);
    expect(await counted(`cache|${name}|stale`)).toBe(0);
    clock.moveTo(start + 10_000);
    for (const _ of [1, 2, 3]) await read(isolate);
    expect(await counted(`cache|${name}|stale`)).toBe(3);
  });

  test("the source is read at most once per second", async () => {
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

  test("the fallback is read if no value is held", async () => {
    const source = aSource();
    source.broken = true;
    const isolate = anIsolate(source, undefined, async () => 99);
    expect(await read(isolate)).toBe("v99");
  });

  test("a new isolate uses the colo's copy up to the stale limit", async () => {
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

test("peek does not wait, but starts a refresh", async () => {
  const isolate = anIsolate(aSource());
  expect(isolate.peek(aReader())).toBeUndefined();
  await until("the value is loaded", () => isolate.peek(aReader()) === "v1");
});

test("peek does not return a value beyond its limit", async () => {
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
