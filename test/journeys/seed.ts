// Random choices of a journey that can be repeated.
import { onTestFailed } from "vitest";
import { randomNumbers } from "../support/random.ts";

/** Random numbers for this test. A failure prints the seed, and `SEED` in the environment repeats it. */
export function seededRandom(): () => number {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  onTestFailed(() => console.error(`Run again with SEED=${seed}`));
  return randomNumbers(seed);
}
