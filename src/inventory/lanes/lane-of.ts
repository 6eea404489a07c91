// Which of the objects that share a SKU has the orders of a buyer.
import { buyerHash } from "../buyers.ts";
import { ROOT } from "../order-id.ts";

/** The lane of a buyer. It follows from `buyerHash`, which therefore never changes. */
export const laneOf = (userId: string, lanes: number): number =>
  lanes === 1 ? ROOT : buyerHash(userId) % lanes;
