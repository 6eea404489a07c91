// Places: the same on every device, uniform before the close, by arrival after it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { earlyPlace, latePlace, placeOf } from "../../src/admission/place.ts";
import { earlyPlaceWeb } from "../../src/admission/place-web.ts";
import { draw, instant, registrant, SECRET } from "./arbitraries.ts";

const SEED = "5eed".repeat(16);
const RANDOMNESS = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587";

test("everyone who registers before the close has one place, whenever and wherever they do", () => {
  fc.assert(
    fc.property(registrant, draw, instant, instant, (person, seeds, a, b) => {
      const close = { closesAt: Math.max(a, b) + 1, draw: seeds };
      const place = placeOf(SECRET, person, a, close);
      expect(placeOf(SECRET, person, b, close)).toBe(place);
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThan(1);
    }),
  );
});

test("a browser computes the same place as the server", async () => {
  await fc.assert(
    fc.asyncProperty(registrant, draw, async (person, seeds) => {
      expect(await earlyPlaceWeb(seeds, person)).toBe(earlyPlace(seeds, person));
    }),
  );
});

test("the formula is the documented one", () => {
  const person = { saleId: "spring-drop", userId: "ada" };
  expect(earlyPlace({ seed: SEED, randomness: RANDOMNESS }, person)).toBe(0.3528168216496925);
});

/** Pearson's statistic of the counts against equal expectations. */
function chiSquare(counts: number[]): number {
  const expected = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

/** The 99.9% quantile of chi-square with 99 degrees of freedom. The seeds are fixed, so the test never flickers. */
const CRITICAL = 148.23;

test("places are uniform over people", () => {
  const counts = new Array<number>(100).fill(0);
  for (let person = 0; person < 50_000; person++) {
    const registered = { saleId: "spring-drop", userId: `buyer-${person}` };
    const place = earlyPlace({ seed: SEED, randomness: RANDOMNESS }, registered);
    counts[Math.floor(place * 100)] = (counts[Math.floor(place * 100)] ?? 0) + 1;
  }
  expect(chiSquare(counts)).toBeLessThan(CRITICAL);
});

test("one person's place is uniform over draws", () => {
  const counts = new Array<number>(100).fill(0);
  for (let round = 0; round < 10_000; round++) {
    const randomness = round.toString(16).padStart(64, "0");
    const place = earlyPlace({ seed: SEED, randomness }, { saleId: "s", userId: "ada" });
    counts[Math.floor(place * 100)] = (counts[Math.floor(place * 100)] ?? 0) + 1;
  }
  expect(chiSquare(counts)).toBeLessThan(CRITICAL);
});

test("an early place is not known before the draw", () => {
  const person = { saleId: "s", userId: "ada" };
  expect(placeOf(SECRET, person, 999, { closesAt: 1_000, draw: null })).toBeNull();
});

test("late places follow the early ones, in order of arrival", () => {
  fc.assert(
    fc.property(registrant, registrant, instant, fc.nat(), fc.nat(), (a, b, closesAt, x, y) => {
      const close = { closesAt, draw: null };
      const [first, second] = [Math.min(x, y), Math.max(x, y)];
      const before = placeOf(SECRET, a, closesAt + first, close) as number;
      const after = placeOf(SECRET, b, closesAt + second, close) as number;
      expect(before).toBeGreaterThanOrEqual(1);
      if (first !== second) expect(after).toBeGreaterThan(before);
    }),
  );
});

test("a tie never reaches the next millisecond", () => {
  const tie = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const year = 365 * 24 * 3_600_000;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: year }), instant, tie, tie, (late, closesAt, a, b) => {
      const place = latePlace(closesAt + late, closesAt, a);
      expect(place).toBeLessThan(latePlace(closesAt + late + 1, closesAt, b));
    }),
  );
});
