// The pace of payment steps: never above the rate, close to it while steps wait, and slower after a rate limit.
import fc from "fast-check";
import { expect, test } from "vitest";
import { RateSchedule } from "../../src/payments/rate-schedule.ts";

/** Starts steps as fast as the schedule allows, with timers that fire late. Returns the times of the starts. */
function startsOf(schedule: RateSchedule, count: number, lateness: number[], from = 0): number[] {
  let now = from;
  return Array.from({ length: count }, (_, i) => {
    for (let delay = schedule.delay(now); delay > 0; delay = schedule.delay(now)) {
      now += Math.ceil(delay) + (lateness[i % lateness.length] ?? 0);
    }
    schedule.start(now);
    return now;
  });
}

/** The most starts in any second. */
const busiestSecond = (starts: number[]): number =>
  Math.max(
    ...starts.map((at) => starts.filter((other) => other >= at && other < at + 1_000).length),
  );

const rates = fc.integer({ min: 1, max: 50 });
const lateness = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 20 });

test("never starts more steps in any second than the rate", () => {
  fc.assert(
    fc.property(rates, lateness, (rate, late) => {
      const starts = startsOf(new RateSchedule(rate), 4 * rate, late);
      expect(busiestSecond(starts)).toBeLessThanOrEqual(rate);
    }),
  );
});

test("uses at least nine tenths of the rate although timers are late by up to 80 ms", () => {
  const late = fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), late, (rate, few) => {
      const starts = startsOf(new RateSchedule(rate), 10 * rate + 1, few);
      expect((starts.at(-1) ?? 0) / 1_000).toBeLessThanOrEqual(10 / 0.9);
    }),
  );
});

test("makes up for a late timer at once, but not beyond a rate limit", () => {
  const schedule = new RateSchedule(20);
  const late = (startsOf(schedule, 10, [0]).at(-1) ?? 0) + 150;
  expect(startsOf(schedule, 3, [0], late)).toEqual(Array(3).fill(late));

  const later = late + 2_000;
  schedule.limited(later);
  const [first, second] = startsOf(schedule, 2, [0], later);
  expect(first).toBe(later);
  expect(second).toBeGreaterThan(later + 50);
});

test("starts no more than four steps at once, however late the timers are", () => {
  fc.assert(
    fc.property(lateness, (late) => {
      const starts = startsOf(new RateSchedule(20), 200, late);
      const atOnce = starts.map((start) => starts.filter((other) => other === start).length);
      expect(Math.max(...atOnce)).toBeLessThanOrEqual(4);
    }),
  );
});

test("starts a new line evenly, because nothing was late while nothing waited", () => {
  fc.assert(
    fc.property(rates, fc.nat(20), fc.nat(60_000), (rate, before, pauseMs) => {
      const schedule = new RateSchedule(rate);
      const begin = (startsOf(schedule, before, [0]).at(-1) ?? 0) + 1_000 + pauseMs;
      schedule.idle(begin);
      const [first, second = 0] = startsOf(schedule, 2, [0], begin);
      expect(first).toBe(begin);
      expect(second - begin).toBeGreaterThanOrEqual(Math.floor(1_000 / rate));
    }),
  );
});

test("delays no step by more than a second, even if the clock is set back", () => {
  const jumps = fc.array(fc.integer({ min: -3_600_000, max: 2_000 }), { minLength: 1 });
  fc.assert(
    fc.property(rates, jumps, (rate, changes) => {
      const schedule = new RateSchedule(rate);
      let now = 10_000_000;
      for (const change of changes) {
        now += change;
        const delay = schedule.delay(now);
        expect(delay).toBeLessThanOrEqual(1_000);
        if (delay === 0) schedule.start(now);
      }
    }),
  );
});

test("cuts the rate once for the calls that a limit refused together, and recovers within half a minute", () => {
  const schedule = new RateSchedule(20);
  schedule.limited(5_000);
  schedule.limited(5_100);
  schedule.limited(6_000);
  expect(schedule.rate(5_000)).toBe(14);

  expect(busiestSecond(startsOf(schedule, 30, [0], 5_000))).toBeLessThanOrEqual(15);
  schedule.limited(8_000);
  expect(schedule.rate(8_000)).toBeLessThan(12);
  expect(schedule.rate(38_000)).toBe(20);
});

test("has the full rate again within ten seconds of a single refused call", () => {
  const schedule = new RateSchedule(20);
  schedule.limited(0);
  expect(schedule.rate(10_000)).toBe(20);
});

test("finds a limit that is a quarter of the rate within ten seconds", () => {
  const schedule = new RateSchedule(20);
  for (let now = 0; now <= 10_000 && schedule.rate(now) > 5; now += 1_000) schedule.limited(now);
  expect(schedule.rate(10_000)).toBeLessThan(10);
});

test("goes on with a few steps per second while the provider refuses everything", () => {
  const schedule = new RateSchedule(20);
  for (let now = 0; now < 600_000; now += 3_000) schedule.limited(now);
  expect(schedule.rate(597_000)).toBeGreaterThanOrEqual(1);
  expect(schedule.rate(597_000)).toBeLessThan(5);
});
