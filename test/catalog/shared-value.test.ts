// A value that everybody reads: how often its source is asked, how old it may get, and what happens when
// the source, or the request that asked it, dies.
import { createExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Reader, SharedValue } from "../../src/shared-value.ts";
import { givenClock } from "../support/clock.ts";
import { unique, until } from "../support/shop.ts";

const FRESH = 1_000;
const REVALIDATE = 2_000;
const STALE = 60_000;
let start = Date.now();

beforeEach(() => {
  // Each test later than what the cache may still hold of another, without the jitter of lifetimes.
  start += 1_000_000;
  const dice = vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(() => dice.mockRestore());
});

/** A request that reads. */
const aReader = (): Reader => ({ executionCtx: createExecutionContext() }) as unknown as Reader;

/** A source that can be broken; its value counts how often it was asked. */
function aSource() {
  const source = {
    loads: 0,
    broken: false,
    load: async () => {
      source.loads += 1;
      if (source.broken) throw new Error("the source is broken");
      return source.loads;
    },
  };
  return source;
}

type Source = { load(): Promise<number> };

/** What an isolate keeps; two of one name are two isolates in one colo. */
const anIsolate = (source: Source, name = unique("value"), fallback?: () => Promise<number>) =>
  new SharedValue<number, string>({
    name,
    freshMs: FRESH,
    revalidateMs: REVALIDATE,
    staleMs: STALE,
    load: source.load,
    build: (raw) => `v${raw}`,
    ...(fallback ? { fallback } : {}),
  });

const read = async (isolate: SharedValue<number, string>) => {
  const { value, stale } = await isolate.read(aReader());
  return stale ? `${value} stale` : value;
};

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

describe("while its source fails", () => {
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
    expect(await read(isolate)).toMatch(/^v\d+$/);
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

/** Waits until the colo's cache has it. */
const inColo = (name: string) =>
  until("the colo has a copy", () => caches.default.match(`https://shared.invalid/${name}`));

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
    void read(isolate);
    await until("it is being read", () => load.mock.calls.length === 1);
    load.mockResolvedValue(2);

    const crowd = await Promise.all(Array.from({ length: 50 }, () => read(isolate)));

    expect(new Set(crowd)).toEqual(new Set(["v2"]));
    expect(load).toHaveBeenCalledTimes(2);
    expect(await read(isolate)).toBe("v2");
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
