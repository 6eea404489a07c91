// A limit as the tests of limits set it, and attempts that run into it.
import { expect } from "vitest";
import type { Buyer } from "../support/shop.ts";
import { attempt, type Scene } from "./scene.ts";

export const WINDOW_SECONDS = 60;
export const WINDOW = WINDOW_SECONDS * 1_000;
/** The beginning of a window, soon. */
export const START = Math.ceil(Date.now() / WINDOW) * WINDOW;
export const LIMIT = 4;

type Algorithm = "fixed-window" | "sliding-window" | "token-bucket";

export const limitOf = (algorithm: Algorithm, limit = LIMIT) => ({
  algorithm,
  limit,
  windowSeconds: WINDOW_SECONDS,
});

/** So many attempts of one user, one after the other: how many were let through? */
export async function passed(buyer: Buyer, sale: Scene, attempts: number): Promise<number> {
  let through = 0;
  for (let i = 0; i < attempts; i += 1) {
    const { status, code } = await attempt(buyer, sale);
    if (status === 202) through += 1;
    else expect(code).toBe("rate_limited");
  }
  return through;
}
