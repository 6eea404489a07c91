// Random numbers that repeat with their seed.
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomNumbers } from "../../src/local/random.ts";

const take = (seed: number, name: string, count = 5) => {
  const random = randomNumbers(seed, name);
  return Array.from({ length: count }, random);
};

test("repeats with the same seed and name, and differs with another one", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), (seed, name) => {
      expect(take(seed, name)).toEqual(take(seed, name));
      expect(take(seed, name)).not.toEqual(take(seed + 1, name));
      expect(take(seed, name)).not.toEqual(take(seed, `${name}.`));
    }),
  );
});

test("spreads evenly from 0 to below 1", () => {
  const numbers = take(1, "even", 10_000);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const low = numbers.filter((number) => number < 0.25).length;
  expect(low).toBeGreaterThan(2_300);
  expect(low).toBeLessThan(2_700);
});
