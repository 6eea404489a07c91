// How isolates send what they counted: rarely, completely, and each batch once, whatever the network does.
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Flusher, type Platform } from "../../src/observability/flusher.ts";
import { emptyFrame } from "../../src/observability/frame.ts";
import { Meter } from "../../src/observability/metrics.ts";
import { type Batch, SHARDS } from "../../src/observability/shard-client.ts";
import { newState, type ShardState, takeBatches } from "../../src/observability/shard-state.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A shard that counts its calls. */
function aShard() {
  const state: ShardState = newState();
  const shard = {
    state,
    calls: 0,
    take(sender: string, batches: Batch[]) {
      shard.calls += 1;
      takeBatches(state, emptyFrame(), { sender, batches, now: Date.now() });
    },
    total: () => state.totals.counters.get("deny_list_full") ?? 0,
  };
  return shard;
}

type Shard = ReturnType<typeof aShard>;

/** An isolate whose calls of a shard can fail. */
function anIsolate(shards: Shard[], changes: Partial<Platform> = {}) {
  const meter = new Meter();
  const flusher = new Flusher(meter, {
    waitUntil: () => {},
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
    send: async (shard, sender, batches) => (shards[shard] as Shard).take(sender, batches),
    failed: () => {},
    ...changes,
  });
  return { meter, flusher, count: (amount = 1) => meter.add("deny_list_full", amount, []) };
}

const shardsOf = () => Array.from({ length: SHARDS }, aShard);
const totalOf = (shards: Shard[]) => shards.reduce((sum, shard) => sum + shard.total(), 0);
const callsOf = (shards: Shard[]) => shards.reduce((sum, shard) => sum + shard.calls, 0);

test("sends at most one call in two seconds, and none while nothing is counted", async () => {
  const shards = shardsOf();
  const { count } = anIsolate(shards);
  for (let ms = 0; ms < 20_000; ms += 10) {
    count();
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.advanceTimersByTimeAsync(60_000);
  expect(totalOf(shards)).toBe(2_000);
  expect(callsOf(shards)).toBeLessThanOrEqual(11);
  const before = callsOf(shards);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(callsOf(shards)).toBe(before);
});

test("a thousand busy isolates call no shard more than 100 times a second", async () => {
  const shards = shardsOf();
  const isolates = Array.from({ length: 1_000 }, () => anIsolate(shards));
  const seconds = 20;
  for (let ms = 0; ms < seconds * 1_000; ms += 100) {
    for (const { count } of isolates) count();
    await vi.advanceTimersByTimeAsync(100);
  }
  await vi.advanceTimersByTimeAsync(10_000);
  expect(totalOf(shards)).toBe(seconds * 10 * 1_000);
  for (const { calls } of shards) expect(calls / seconds).toBeLessThan(100);
});

test("goes on after a flush was canceled with its request", async () => {
  const shards = shardsOf();
  const lost = new Promise<void>(() => {});
  let isCanceled = true;
  const wait = (ms: number) => (isCanceled ? lost : new Promise((done) => setTimeout(done, ms)));
  const { count, meter } = anIsolate(shards, { wait });
  const request = () => {
    count();
    meter.observe("http_seconds", 0.1, ["buy", "2xx"]);
  };
  request();
  isCanceled = false;
  await vi.advanceTimersByTimeAsync(4_000);
  request();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(totalOf(shards)).toBe(0);
  request();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(totalOf(shards)).toBe(3);
});

test("counting never fails, not even where nothing can be sent", () => {
  const { meter, count } = anIsolate([], {
    waitUntil: () => {
      throw new Error("outside a request");
    },
  });
  count();
  expect(meter.take()?.counters.get("deny_list_full")).toBe(1);
});

test("keeps what a shard does not take in limited memory, and sends it once the shard is back", async () => {
  const shards = shardsOf();
  let isDown = true;
  let largest = 0;
  const { count } = anIsolate(shards, {
    send: async (shard, sender, batches) => {
      largest = Math.max(largest, batches.length);
      if (isDown) throw new Error("the shard is down");
      (shards[shard] as Shard).take(sender, batches);
    },
  });
  for (let second = 0; second < 600; second += 1) {
    count();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  isDown = false;
  for (let second = 0; second < 10; second += 1) {
    count();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await vi.advanceTimersByTimeAsync(10_000);
  expect(totalOf(shards)).toBe(610);
  expect(largest).toBeLessThanOrEqual(4);
  expect(shards.reduce((sum, { state }) => sum + state.lost, 0)).toBe(0);
});

test("starts with a new number after ten quiet minutes, because the shard may have forgotten it", async () => {
  const shards = shardsOf();
  const senders = new Set<string>();
  const { count } = anIsolate(shards, { send: async (_, sender) => void senders.add(sender) });
  for (const minutes of [0, 9, 11]) {
    await vi.advanceTimersByTimeAsync(minutes * 60_000);
    count();
    await vi.advanceTimersByTimeAsync(5_000);
  }
  expect(senders.size).toBe(2);
});

/** What happens to a call: it arrives or not, the answer arrives or not, or it arrives again much later. */
const fate = fc.constantFrom("fine", "lost", "answer lost", "repeated", "late and lost");

test("counts everything once, whatever is lost, repeated or late on the way", async () => {
  const plan = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 }), fate), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      const shards = shardsOf();
      const late: (() => void)[] = [];
      let now: string = "fine";
      const send: Platform["send"] = async (at, sender, batches) => {
        const take = () => (shards[at] as Shard).take(sender, batches);
        if (now === "late and lost") late.push(take);
        if (now === "repeated") late.push(take);
        if (now === "fine" || now === "repeated" || now === "answer lost") take();
        if (now !== "fine" && now !== "repeated") throw new Error("no answer");
      };
      const isolates = [0, 1, 2].map(() => anIsolate(shards, { send, waitUntil: () => {} }));
      let sum = 0;
      for (const [index, amount, next] of steps) {
        now = next;
        sum += amount;
        isolates[index]?.count(amount);
        await isolates[index]?.flusher.flush();
        if (amount % 2 === 0) late.shift()?.();
      }
      now = "fine";
      // The first flush sends what is unsent; the second one what had no room in it.
      for (const { flusher } of [...isolates, ...isolates]) await flusher.flush();
      for (const take of late) take();
      expect(totalOf(shards)).toBe(sum);
      expect(shards.reduce((total, { state }) => total + state.lost, 0)).toBe(0);
    }),
  );
});
