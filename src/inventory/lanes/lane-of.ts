// Which of the objects that share a SKU has the orders of a buyer. The number of objects can change. Buyers who have orders stay
// where these are, with their limit and their keys, so nothing is copied.
import { buyerHash } from "../buyers.ts";
import { type Layout, ROOT } from "../order-id.ts";

/** The lane of a new buyer. It follows from `buyerHash`, which therefore never changes. */
export const laneOf = (userId: string, lanes: number): number =>
  lanes === 1 ? ROOT : buyerHash(userId) % lanes;

/** The lanes that may have a buyer, each once. The first one has those who are in no other. */
export function homesOf(
  userId: string,
  { lanes, former }: Omit<Layout, "since">,
): [number, ...number[]] {
  const home = laneOf(userId, lanes);
  if (former.length === 0) return [home];
  const others = new Set(former.map((count) => laneOf(userId, count)));
  others.delete(home);
  return [home, ...others];
}
