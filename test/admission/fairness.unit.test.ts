// Over 10,000 draws with fixed seeds: every place is as likely as any other, and many tabs of one person win no more
// often than one tab.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { earlyPlace, placeOf } from "../../src/admission/place.ts";
import type { Draw } from "../../src/admission/place-formula.ts";
import { SECRET } from "./arbitraries.ts";

const DRAWS = 10_000;
const SALE = "spring-drop";

/** The draw with this number: seed and randomness are hashes of it. */
const drawOf = (index: number): Draw => ({
  seed: createHash("sha256").update(`seed ${index}`).digest("hex"),
  randomness: createHash("sha256").update(`randomness ${index}`).digest("hex"),
});

const draws = Array.from({ length: DRAWS }, (_, index) => drawOf(index));
const people = ["ann", "ben", "cho", "dee", "eli", "fay", "gus", "hal", "ida", "jo"];

/** Pearson's statistic of counts that are expected to be equal. */
function chiSquare(counts: number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** The value that the statistic exceeds by chance in one of 1,000 cases, for 19 and for 9 degrees of freedom. */
const CRITICAL = { 19: 43.82, 9: 27.88 };

test("each person's places are uniform over all draws", () => {
  for (const userId of people) {
    const counts = new Array<number>(20).fill(0);
    for (const draw of draws) {
      const bin = Math.floor(20 * earlyPlace(draw, { saleId: SALE, userId }));
      counts[bin] = (counts[bin] as number) + 1;
    }
    expect(chiSquare(counts)).toBeLessThan(CRITICAL[19]);
  }
});

test("the places of one draw are uniform over all people", () => {
  const counts = new Array<number>(20).fill(0);
  for (let user = 0; user < DRAWS; user++) {
    const place = earlyPlace(draws[0] as Draw, { saleId: SALE, userId: `user-${user}` });
    counts[Math.floor(20 * place)] = (counts[Math.floor(20 * place)] as number) + 1;
  }
  expect(chiSquare(counts)).toBeLessThan(CRITICAL[19]);
});

const closesAt = 1_800_000_000_000;

/** The place of the ticket that a person got in one of their tabs, each at another time. */
const inTab = (draw: Draw, userId: string, tab: number): number =>
  placeOf(SECRET, { saleId: SALE, userId }, closesAt - 1 - tab, { closesAt, draw }) as number;

test("a person has the same place in each of 100 tabs", () => {
  for (const draw of draws.slice(0, 100)) {
    const places = Array.from({ length: 100 }, (_, tab) => inTab(draw, "ann", tab));
    expect(new Set(places).size).toBe(1);
  }
});

test("a person with 100 tabs wins as often as everyone with a single tab", () => {
  const wins = new Map(people.map((userId) => [userId, 0]));
  for (const [index, draw] of draws.entries()) {
    const [first] = people
      .map((userId) => ({ userId, place: inTab(draw, userId, userId === "ann" ? index % 100 : 0) }))
      .sort((a, b) => a.place - b.place);
    const winner = first?.userId ?? "";
    wins.set(winner, (wins.get(winner) ?? 0) + 1);
  }
  expect(chiSquare([...wins.values()])).toBeLessThan(CRITICAL[9]);
});
