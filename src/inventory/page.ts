// Pages of a ledger, in key order.
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";

export const PAGE_SIZE = 200;

/** Where the next page starts. Null after the last one. */
export function nextAfter(rows: OrderRow[], size = PAGE_SIZE): OrderRef | null {
  const last = rows.length === size ? rows.at(-1) : undefined;
  return last ? { userId: last.userId, orderId: last.orderId } : null;
}
