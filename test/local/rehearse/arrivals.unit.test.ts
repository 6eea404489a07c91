// Open-loop arrivals: they keep to their clock, and latency counts from when a request was due.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivals, openLoop } from "../../../src/local/rehearse/arrivals.ts";
import { once } from "../../../src/local/rehearse/patience.ts";
import { Record } from "../../../src/local/rehearse/record.ts";
import { answer } from "./evidence.ts";

describe("arrivals", () => {
  test("come in order, within their waves", () => {
    const wave = fc.record({ seconds: fc.integer({ min: 1, max: 5 }), perSecond: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(wave, { maxLength: 5 }), (waves) => {
        const moments = arrivals(waves);
        const end = waves.reduce((sum, { seconds }) => sum + seconds * 1_000, 0);
        expect(moments).toEqual(moments.toSorted((a, b) => a - b));
        expect(moments.every((moment) => moment > 0 && moment < end)).toBe(true);
      }),
    );
  });

  test("come at the rate of their wave", () => {
    let draws = 0;
    // Evenly spread over the unit interval, in an order of its own.
    const random = () => (draws++ * 0.618_033_988_75) % 1;
    const moments = arrivals(
      [
        { seconds: 10, perSecond: 20 },
        { seconds: 10, perSecond: 100 },
      ],
      random,
    );
    const slow = moments.filter((moment) => moment < 10_000).length;
    expect(slow).toBeGreaterThan(180);
    expect(slow).toBeLessThan(220);
    expect(moments.length - slow).toBeGreaterThan(950);
    expect(moments.length - slow).toBeLessThan(1_050);
  });

  test("wait for nobody", async () => {
    const { promise: never, resolve } = Promise.withResolvers<void>();
    const came: number[] = [];
    const all = openLoop([0, 1, 2], async (nth) => {
      came.push(nth);
      await never;
    });
    await expect.poll(() => came).toEqual([0, 1, 2]);
    resolve();
    await all;
  });
});

test("latency counts from when a request was due, not from when it was sent", async () => {
  const record = new Record();
  const due = performance.now() - 5_000;
  await once(record, "buy", async () => answer(202, {}), { intended: due });
  expect(record.latencies.get("buy")?.[0]).toBeGreaterThanOrEqual(5_000);
});
