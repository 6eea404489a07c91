// SwrCache across isolates of one colo, after changes, and when requests are canceled.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { givenClock } from "../support/clock.ts";
import { givenLimits } from "../support/limits.ts";
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
} from "./isolates.ts";

let start: number;

beforeEach(() => {
  start = aMoment();
});

describe("another isolate in the colo", () => {
  test("does not read the source while the colo's copy is fresh", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const name = unique("value");
    await read(anIsolate(source, name));
    await inColo(name);

    clock.moveTo(start + FRESH - 1);
    expect([await read(anIsolate(source, name)), source.loads]).toEqual(["v1", 1]);
    clock.moveTo(start + FRESH);
    expect([await read(anIsolate(source, name)), source.loads]).toEqual(["v2", 2]);
  });

  test("limits the age of a copy by the time the source was read", async () => {
    const clock = givenClock(start);
    const source = aSource();
    const name = unique("value");
    await read(anIsolate(source, name));
    await inColo(name);
    clock.moveTo(start + FRESH - 1);
    const other = anIsolate(source, name);
    await read(other);
    clock.moveTo(start + REVALIDATE);
    expect(await read(other)).toBe("v2");
  });

  test("does not use a copy or a held value from the future", async () => {
    const clock = givenClock(start + 500_000);
    const source = aSource();
    const name = unique("value");
    const isolate = anIsolate(source, name);
    await read(isolate);
    await inColo(name);
    clock.moveTo(start);
    expect(isolate.peek(aReader())).toBeUndefined();
    expect(await read(isolate)).toBe("v2");
    expect(source.loads).toBe(2);
  });
});

test("an isolate that is due reads the source instead of the copy that it holds", async () => {
  const clock = givenClock(start);
  const source = aSource();
  const name = unique("value");
  const isolate = anIsolate(source, name);
  vi.mocked(Math.random).mockReturnValue(1); // three quarters of the lifetime
  await read(isolate);
  await inColo(name);
  clock.moveTo(start + 0.8 * FRESH);
  await read(isolate);
  await until("it is refreshed", async () => (await read(isolate)) === "v2");
  expect(source.loads).toBe(2);
});

describe("after a change", () => {
  test("this isolate reads the source at once, even if the colo has a copy", async () => {
    givenClock(start);
    const source = aSource();
    const name = unique("value");
    const isolate = anIsolate(source, name);
    await read(isolate);
    await inColo(name);
    isolate.drop();
    expect(await read(isolate)).toBe("v2");
  });

  test("a reading that started earlier is not stored", async () => {
    givenClock(start);
    const before = Promise.withResolvers<number>();
    const load = vi.fn(() => before.promise);
    const isolate = anIsolate({ load });
    const early = read(isolate);
    await until("it is being read", () => load.mock.calls.length === 1);
    isolate.drop();
    load.mockResolvedValue(2);
    expect(await read(isolate)).toBe("v2");
    before.resolve(1);
    expect(await early).toBe("v1");
    expect(await read(isolate)).toBe("v2");
  });
});

describe("an abandoned refresh", () => {
  test("is replaced by exactly one of the waiting requests", async () => {
    const lost = new Promise<number>(() => {});
    const load = vi.fn(() => lost);
    const isolate = anIsolate({ load });
    void read(isolate).catch(() => {});
    await until("it is being read", () => load.mock.calls.length === 1);
    load.mockResolvedValue(2);

    const crowd = await Promise.all(Array.from({ length: 50 }, () => read(isolate)));

    expect(new Set(crowd)).toEqual(new Set(["v2"]));
    expect(load).toHaveBeenCalledTimes(2);
    expect(await read(isolate)).toBe("v2");
  });

  test("is still stored if it completes late and is the newest", async () => {
    const slow = Promise.withResolvers<number>();
    const load = vi.fn(() => slow.promise);
    const isolate = anIsolate({ load });
    const first = read(isolate);
    await until("it was given up", () => {
      isolate.peek(aReader());
      return load.mock.calls.length === 2;
    });
    slow.resolve(7);
    expect(await first).toBe("v7");
    expect([await read(isolate), load.mock.calls.length]).toEqual(["v7", 2]);
  });

  test("does not block callers that hold an old value", async () => {
    givenLimits("redis", { limitMs: 300 });
    const clock = givenClock(start);
    const load = vi.fn(async () => 1);
    const isolate = anIsolate({ load });
    await read(isolate);
    load.mockImplementation(() => new Promise<number>(() => {}));
    clock.moveTo(start + REVALIDATE);
    expect(await read(isolate)).toBe("v1");
    clock.moveTo(start + 10_000);
    expect(await read(isolate)).toBe("v1 stale");
  });

  test("is also replaced by a peek", async () => {
    const clock = givenClock(start);
    const load = vi.fn(() => new Promise<number>(() => {}));
    const isolate = anIsolate({ load });
    isolate.peek(aReader());
    await until("it is being read", () => load.mock.calls.length === 1);
    load.mockResolvedValue(2);
    clock.moveTo(start + 1_000);
    await until("the value is loaded", () => isolate.peek(aReader()) === "v2");
  });
});
