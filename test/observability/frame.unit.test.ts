// Merging of what isolates counted: the order and the grouping do not matter, and memory is bounded.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  accumulate,
  emptyFrame,
  type Frame,
  fromJson,
  MAX_SERIES,
  mergeInto,
  toJson,
} from "../../src/observability/frame.ts";
import { aFrame, contentOf } from "./frames.ts";

const merged = (frames: Frame[]): Frame => {
  const all = emptyFrame();
  for (const frame of frames) mergeInto(all, frame);
  return all;
};

test("merges frames to the same figures in any order and in any groups", () => {
  const given = fc.array(aFrame, { maxLength: 12 }).chain((frames) =>
    fc.record({
      frames: fc.constant(frames),
      shuffled: fc.shuffledSubarray(frames, {
        minLength: frames.length,
        maxLength: frames.length,
      }),
      cut: fc.nat(frames.length),
    }),
  );
  fc.assert(
    fc.property(given, ({ frames, shuffled, cut }) => {
      const groups = [merged(shuffled.slice(0, cut)), merged(shuffled.slice(cut))];
      expect(contentOf(merged(groups))).toBe(contentOf(merged(frames)));
    }),
  );
});

test("does not change the frames that it merges", () => {
  fc.assert(
    fc.property(fc.array(aFrame, { maxLength: 6 }), (frames) => {
      const before = frames.map(contentOf);
      merged([...frames, ...frames]);
      expect(frames.map(contentOf)).toEqual(before);
    }),
  );
});

test("running totals equal the merged frames while there is room", () => {
  fc.assert(
    fc.property(fc.array(aFrame, { maxLength: 12 }), (frames) => {
      const totals = emptyFrame();
      for (const frame of frames) accumulate(totals, frame);
      expect(contentOf(totals)).toBe(contentOf(merged(frames)));
    }),
  );
});

test("a stored frame is read as it was", () => {
  fc.assert(
    fc.property(aFrame, (frame) => {
      expect(contentOf(fromJson(JSON.parse(JSON.stringify(toJson(frame)))))).toBe(contentOf(frame));
    }),
  );
});

/** A frame with so many series of one counter, each 1. */
const manySeries = (count: number, from = 0): Frame => ({
  ...emptyFrame(),
  counters: new Map(
    Array.from({ length: count }, (_, index) => [`funnel_passed|sale-${from + index}`, 1]),
  ),
});

test("a frame keeps a limited number of series, and adds the others up in one", () => {
  const all = merged([manySeries(800), manySeries(800, 400), manySeries(5_000, 10_000)]);
  expect(all.counters.size).toBe(MAX_SERIES + 1);
  const sum = [...all.counters.values()].reduce((total, value) => total + value, 0);
  expect(sum).toBe(6_600);
  expect(all.counters.get("funnel_passed|sale-500")).toBe(2);
  expect(all.counters.get("funnel_passed|other")).toBe(5_200);
});

test("running totals forget the series that changed longest ago", () => {
  const totals = emptyFrame();
  accumulate(totals, manySeries(MAX_SERIES));
  accumulate(totals, manySeries(1));
  accumulate(totals, manySeries(1, 5_000));
  expect(totals.counters.size).toBe(MAX_SERIES);
  expect(totals.counters.get("funnel_passed|sale-0")).toBe(2);
  expect(totals.counters.has("funnel_passed|sale-1")).toBe(false);
});
