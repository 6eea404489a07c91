// Limits for tests, and attempts that exceed them.
import { expect } from "vitest";
import type { Buyer } from "../support/shop.ts";
import { attempt, type Scene } from "./scene.ts";

export const WINDOW_SECONDS = 60;
export const WINDOW = WINDOW_SECONDS * 1_000;
/** The start of the next window. */
export const START = Math.ceil(Date.now() / WINDOW) * WINDOW;
export const LIMIT = 4;

type Algorithm = "fixed-window" | "sliding-window" | "token-bucket";

export const limitOf = (algorithm: Algorithm, limit = LIMIT) => ({
  algorithm,
  limit,
  windowSeconds: WINDOW_SECONDS,
});

/** Makes attempts of one user, one after another. Returns how many passed. */
export async function passed(buyer: Buyer, sale: Scene, attempts: number): Promise<number> {
  let accepted = 0;
  for (let i = 0; i < attempts; i += 1) {
    const { status, code } = await attempt(buyer, sale);
    if (status === 202) accepted += 1;
    else expect(code).toBe("rate_limited");
  }
  return accepted;
}
