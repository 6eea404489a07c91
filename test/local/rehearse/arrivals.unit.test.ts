// Open-loop load: arrivals follow their schedule, and latency counts from the scheduled time.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivals, openLoop } from "../../../src/local/rehearse/arrivals.ts";
import { Recorder } from "../../../src/local/rehearse/recorder.ts";
import { sendOnce } from "../../../src/local/rehearse/send.ts";
import { answer } from "./evidence.ts";

describe("arrivals", () => {
  test("come in ascending order, within their waves", () => {
    const wave = fc.record({ seconds: fc.integer({ min: 1, max: 5 }), perSecond: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(wave, { maxLength: 5 }), (waves) => {
        const times = arrivals(waves, Math.random);
        const end = waves.reduce((sum, { seconds }) => sum + seconds * 1_000, 0);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((time) => time > 0 && time < end)).toBe(true);
      }),
    );
  });

  test("come at the rate of their wave", () => {
    let draws = 0;
    // Low-discrepancy sequence: evenly spread over the unit interval.
    const random = () => (draws++ * 0.618_033_988_75) % 1;
    const times = arrivals(
      [
        { seconds: 10, perSecond: 20 },
        { seconds: 10, perSecond: 100 },
      ],
      random,
    );
    const slow = times.filter((time) => time < 10_000).length;
    expect(slow).toBeGreaterThan(180);
    expect(slow).toBeLessThan(220);
    expect(times.length - slow).toBeGreaterThan(950);
    expect(times.length - slow).toBeLessThan(1_050);
  });

  test("do not wait for earlier arrivals to finish", async () => {
    const { promise: never, resolve } = Promise.withResolvers<void>();
    const started: number[] = [];
    const all = openLoop([0, 1, 2], async (nth) => {
      started.push(nth);
      await never;
    });
    await expect.poll(() => started).toEqual([0, 1, 2]);
    resolve();
    await all;
  });
});

test("measures latency from the scheduled time, not from the time of sending", async () => {
  const recorder = new Recorder();
  const dueAt = performance.now() - 5_000;
  await sendOnce(recorder, "buy", async () => answer(202, {}), { dueAt });
  expect(recorder.latencies.get("buy")?.[0]).toBeGreaterThanOrEqual(5_000);
});
