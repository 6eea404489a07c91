// A pass: how far the line of a sale has moved, signed by its controller. It travels with an order, so that the SKU's
// object needs no call to decide whether a person is admitted.
import type { Close } from "./place.ts";
import { readToken, signToken } from "./token.ts";

/** Times are milliseconds. */
export interface Pass extends Close {
  saleId: string;
  /** Everyone whose place is at or below it is admitted. */
  frontier: number;
  /** When the controller signed it. */
  asOf: number;
}

/** The longest pass, in characters: that of the longest sale id has about 420. */
export const MAX_PASS = 600;

export const signPass = (secret: string, pass: Pass): string => signToken(secret, "pass", pass);

/** The pass of this sale. Null for anything else. Never throws. */
export function readPass(secret: string, token: string | undefined, saleId: string): Pass | null {
  if (!token || token.length > MAX_PASS) return null;
  const pass = readToken(secret, "pass", token) as Pass | null;
  return pass?.saleId === saleId ? pass : null;
}

/**
 * The facts known after two passes of one sale, of which either may be missing. The frontier never moves back. A sale
 * whose close is postponed has another line, of which only the newer pass knows anything.
 */
export function mergePasses(a: Pass | null, b: Pass | null): Pass | null {
  if (!a || !b) return a ?? b;
  const [older, newer] = a.asOf <= b.asOf ? [a, b] : [b, a];
  if (older.closesAt !== newer.closesAt) return newer;
  return {
    ...newer,
    frontier: Math.max(older.frontier, newer.frontier),
    draw: newer.draw ?? older.draw,
  };
}
