// Random numbers that repeat with their seed, so that a run can be repeated.
import { hash } from "node:crypto";

/** A stream of numbers from 0 to below 1. Streams of one seed that differ in `name` are independent. */
export function randomNumbers(seed: number, name: string): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return hash("sha256", `${seed} ${name} ${drawn}`, "buffer").readUInt32LE() / 2 ** 32;
  };
}
