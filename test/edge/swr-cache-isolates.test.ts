// A value that everybody reads: isolates that share a colo, changes, and requests that die.
import { beforeEach, describe, expect, test, vi } from "vitest";
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
} from "./isolates.ts";

let start: number;

beforeEach(() => {
  start = aMoment();
});

describe("another isolate of the colo", () => {
  test("does not ask the source while the colo's copy is fresh", async () => {
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

  test("never keeps a copy for longer than the source's own bound", async () => {
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

  test("does not trust a copy from the future, nor does one whose clock was set back", async () => {
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

test("an isolate whose turn it is asks the source, and not the copy it holds", async () => {
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
  test("this isolate reads the source at once, whatever the colo still has", async () => {
    givenClock(start);
    const source = aSource();
    const name = unique("value");
    const isolate = anIsolate(source, name);
    await read(isolate);
    await inColo(name);
    isolate.drop();
    expect(await read(isolate)).toBe("v2");
  });

  test("what was being read before it is not kept", async () => {
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

describe("a refresh whose request is gone", () => {
  test("is replaced by one of those who wait for it, and by one alone", async () => {
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

  test("is kept all the same when it comes late, for it is the newest there is", async () => {
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

  test("keeps nobody waiting who has an old value at hand", async () => {
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

  test("is replaced by one who does not wait, too", async () => {
    const clock = givenClock(start);
    const load = vi.fn(() => new Promise<number>(() => {}));
    const isolate = anIsolate({ load });
    isolate.peek(aReader());
    await until("it is being read", () => load.mock.calls.length === 1);
    load.mockResolvedValue(2);
    clock.moveTo(start + 1_000);
    await until("it is known", () => isolate.peek(aReader()) === "v2");
  });
});
