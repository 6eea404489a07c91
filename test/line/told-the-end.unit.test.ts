// Everyone who waits learns of the end within three seconds after the last sale, however far back they are, and without looking
// all the time. At the worst the time adds up like this: 0.1 s until Redis has the last sale, which does not wait for others; 1.25 s
// until the edge reads it; 1.25 s until the next look; and 0.2 s for the two round trips. That makes 2.8 s.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PublicLine } from "../../src/admission/public-line.ts";
import { pollAfter } from "../../src/admission/standing.ts";
import { lineByStock } from "../../src/catalog/line-end.ts";
import { ArrivalCurve } from "../../src/line/arrival-curve.ts";
import { type Line, tick } from "../../src/line/line.ts";
import { publicLine } from "../../src/line/views.ts";
import { randomNumbers } from "../support/random.ts";
import { aLine, crowdOf, ORDINARY, readingOf, START, sell } from "./simulated-sale.ts";

const CROWD = new ArrivalCurve([
  [0, 0],
  [1, 1_000_000],
]);
const TOLD_WITHIN_SECONDS = 3;
const FAR_BACK = 0.999;
/** In seconds: until Redis has what an object publishes, until an edge reads it, and for a round trip. */
const [WRITTEN, READ, TRIP] = [0.1, 1.25, 0.1];

/** A sale as Redis shows it. Times are seconds since the first people are admitted. */
interface Shown {
  /** The line as published in each second. */
  lines: PublicLine[];
  /** When the last unit is sold, or the sale closes. */
  endsAt: number;
  isSoldOut: boolean;
}

/** A sale that sells so many units in each second. The stock that a tick reads was published up to a second ago. */
function shownOf(line: Line, units: number, soldIn: readonly number[]): Shown {
  let [current, sold, known] = [line, 0, 0];
  let endsAt = (line.terms.closesAt - START) / 1_000;
  const lines = soldIn.map((count, second) => {
    const now = START + 1_000 * second;
    current = tick(current, CROWD, readingOf(units, units - known, known), now).line;
    sold = Math.min(units, sold + count);
    if (sold === units) endsAt = Math.min(endsAt, second);
    known = sold;
    return publicLine(current, CROWD, now);
  });
  return { lines, endsAt, isSoldOut: sold === units };
}

/** The line as an edge shows it by what it read at that second. */
function seenAt({ lines, endsAt, isSoldOut }: Shown, readAt: number): PublicLine | undefined {
  const published = lines[Math.max(0, Math.floor(readAt - WRITTEN))];
  const available = isSoldOut && readAt >= endsAt + WRITTEN ? 0 : 1;
  const stock = new Map([["sku", { available, held: 0, buyers: undefined }]]);
  const skus = [{ id: "sku", unitPrice: { amount: 100, currency: "USD" } }];
  return published && lineByStock(published, skus, stock, START + 1_000 * readAt);
}

/** The times at which a person gets an answer, in seconds, until they know that the line is over. */
function looksOf(shown: Shown, place: number | null, first: number, random: () => number) {
  const looks = [first];
  for (;;) {
    const second = looks.at(-1) as number;
    const line = seenAt(shown, Math.max(0, second - TRIP - random() * READ));
    if (!line || line.over) return looks;
    looks.push(second + TRIP + pollAfter(line, place, START + 1_000 * second, random()));
  }
}

/** The seconds from the last sale until each of some people who are far back knows of it. */
function toldAfter(shown: Shown, seed: number): number[] {
  const random = randomNumbers(seed);
  expect(shown.endsAt).toBeLessThan(shown.lines.length);
  return Array.from({ length: 20 }, () => {
    const first = random() * Math.min(10, shown.endsAt);
    return (looksOf(shown, FAR_BACK, first, random).at(-1) as number) - shown.endsAt;
  });
}

/** Stretches of a sale: how long, and how fast as a share of the fastest second of the last half minute. */
const stretches = fc.array(
  fc.record({
    seconds: fc.integer({ min: 1, max: 90 }),
    speed: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  }),
  { minLength: 1, maxLength: 10 },
);

/** Units sold in each second, as the stretches say: at first, the fastest is what the line admits. */
function curveOfSale(parts: { seconds: number; speed: number }[], admitted: number, units: number) {
  const soldIn = [0];
  let sold = 0;
  for (const { seconds, speed } of parts) {
    for (let second = 0; second < seconds; second += 1) {
      const recent = soldIn.slice(1).slice(-29);
      const fastest = Math.max(recent.length < 29 ? admitted : 1, ...recent);
      const count = Math.floor(speed * fastest);
      soldIn.push(count);
      sold += count;
    }
  }
  // Then the last units are sold one by one.
  const rest = Array.from({ length: Math.max(0, units - sold) }, () => 1);
  return [...soldIn, ...rest, ...Array.from({ length: 120 }, () => 0)];
}

test("people far back are told within 3 s, however a sale slows down and speeds up again", () => {
  fc.assert(
    fc.property(
      stretches,
      fc.integer({ min: 1, max: 1_000 }),
      fc.constantFrom(1, 20, 500),
      fc.nat(),
      (parts, units, ratePerSecond, seed) => {
        const skus = [{ id: "sku", stock: units, isFree: false, perUserLimit: 1 }];
        const soldIn = curveOfSale(parts, ratePerSecond, units);
        const shown = shownOf(aLine({ ratePerSecond, skus }), units, soldIn);
        for (const seconds of toldAfter(shown, seed)) {
          expect(seconds).toBeLessThanOrEqual(TOLD_WITHIN_SECONDS);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("people far back are told within 3 s that the sale has closed, with units left", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.nat(), (seconds, seed) => {
      const closesAt = START + 1_000 * seconds;
      const sold = Array.from({ length: seconds + 120 }, () => 0);
      const shown = shownOf(aLine({ closesAt }), 1_000, sold);
      for (const after of toldAfter(shown, seed)) {
        expect(after).toBeLessThanOrEqual(TOLD_WITHIN_SECONDS);
      }
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["an ordinary crowd", ORDINARY],
  ["a crowd of whom most leave", { ...ORDINARY, absent: 0.8 }],
  ["a crowd of whom half let their hold expire", { ...ORDINARY, unpaid: 0.5 }],
  ["a few units", { ...ORDINARY, units: 5 }],
])("in a simulated sale of %s, people far back are told within 3 s", (_, scenario) => {
  for (const seed of [1, 2, 3]) {
    const random = randomNumbers(seed);
    const { people, curve } = crowdOf(scenario, random);
    const { lines } = sell(scenario, people, curve, () => random() < 0.1);
    const published = lines.map((line, second) =>
      publicLine(line, curve, START + 1_000 * (second + 1)),
    );
    const last = published.at(-1) as PublicLine;
    const ended = [...published, ...Array.from({ length: 120 }, () => last)];
    const shown = { lines: ended, endsAt: published.length - 1, isSoldOut: last.over };
    for (const seconds of toldAfter(shown, seed)) {
      expect(seconds).toBeLessThanOrEqual(TOLD_WITHIN_SECONDS);
    }
  }
});

test("people far back look a few times more for each doubling of a sale's length, and once a minute", () => {
  const seconds = fc.integer({ min: 10, max: 3_600 });
  fc.assert(
    fc.property(seconds, fc.integer({ min: 1, max: 50 }), fc.nat(), (length, pace, seed) => {
      const units = length * pace;
      const skus = [{ id: "sku", stock: units, isFree: false, perUserLimit: 1 }];
      const sold = Array.from({ length: length + 120 }, () => pace);
      const shown = shownOf(aLine({ ratePerSecond: pace, skus }), units, sold);
      const looks = looksOf(shown, FAR_BACK, 0, randomNumbers(seed)).length;
      expect(looks).toBeLessThanOrEqual(6 + 2 * Math.log2(length) + length / 45);
    }),
    { numRuns: 20 },
  );
});

test("people far back look at most eight times in the last seconds of a brisk sale and after it", () => {
  const skus = [{ id: "sku", stock: 3_000, isFree: false, perUserLimit: 1 }];
  const sold = Array.from({ length: 200 }, () => 50);
  const shown = shownOf(aLine({ ratePerSecond: 50, skus }), 3_000, sold);
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const looks = looksOf(shown, FAR_BACK, 0, randomNumbers(seed));
      expect(looks.filter((at) => at >= shown.endsAt - 10).length).toBeLessThanOrEqual(8);
    }),
  );
});

test("a line whose stock nobody knows, or that an earlier release stored, is looked at often", () => {
  const line = aLine({});
  const { pace: _, ...earlier } = { ...line, state: { ...line.state, startedAt: 0 } };
  for (const unknown of [line, earlier as Line]) {
    const shown = publicLine(unknown, CROWD, START + 60_000);
    expect(shown.soonestEndSeconds).toBe(0);
    expect(pollAfter(shown, FAR_BACK, START + 60_000, 0.999)).toBeLessThan(TOLD_WITHIN_SECONDS);
  }
});
