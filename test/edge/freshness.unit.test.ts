// The age of a value and when its source is due, also if the clock is set back.
import fc from "fast-check";
import { beforeEach, expect, test, vi } from "vitest";
import { elapsed } from "../../src/edge/elapsed.ts";
import { Freshness } from "../../src/edge/freshness.ts";
import { givenClock } from "../support/clock.ts";

const FRESH_MS = 1_000;
const NOW = 1_800_000_000_000;

beforeEach(() => {
  const dice = vi.spyOn(Math, "random").mockReturnValue(0);
  return () => dice.mockRestore();
});

test("elapsed time is never negative, and infinite after the clock was set back", () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(), (then, ms) => {
      expect(elapsed(then, then + ms)).toBe(ms);
      expect(elapsed(then + ms + 1, then)).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});

test("a source is due if its value is not fresh or there is none", () => {
  givenClock(NOW);
  const freshness = new Freshness(FRESH_MS);
  expect([freshness.age(NOW), freshness.isDue(NOW)]).toEqual([Number.POSITIVE_INFINITY, true]);
  freshness.hold(NOW);
  expect([freshness.isDue(NOW), freshness.isDue(NOW + 999), freshness.isDue(NOW + 1_000)]).toEqual([
    false,
    false,
    true,
  ]);
});

test("a source is not due for a second after a failure", () => {
  givenClock(NOW);
  const freshness = new Freshness(FRESH_MS);
  freshness.fail();
  expect(freshness.isDue(NOW + 999)).toBe(false);
  expect(freshness.isDue(NOW + 1_000)).toBe(true);
});

test("a source is not due for a second after it returned a stale value", () => {
  givenClock(NOW);
  const freshness = new Freshness(FRESH_MS);
  freshness.hold(NOW - 5_000);
  expect([freshness.isDue(NOW), freshness.isDue(NOW + 1_000)]).toEqual([false, true]);
});

test("a fresh copy that is past its jittered lifetime is not due at once", () => {
  givenClock(NOW);
  vi.mocked(Math.random).mockReturnValue(0.999);
  const freshness = new Freshness(FRESH_MS);
  freshness.hold(NOW - 900);
  expect([freshness.isDue(NOW), freshness.isDue(NOW + 100)]).toEqual([false, true]);
});

test("setting back the clock makes a value due and ends a pause", () => {
  const clock = givenClock(NOW);
  const freshness = new Freshness(FRESH_MS);
  freshness.hold(NOW);
  freshness.fail();
  clock.moveTo(NOW - 3_600_000);
  expect([freshness.isDue(Date.now()), freshness.isPaused(Date.now())]).toEqual([true, false]);
});
