// What a ledger tells the allowance of a sale about an order. Pure.
import { isFree, unitsOwned } from "../decide-order.ts";
import { heldUntil } from "../hold-clock.ts";
import type { OrderRow } from "../order.ts";
import type { CountedOrder } from "./decide.ts";

/**
 * Whether the allowance has other units of an order than the ledger. `limitedSale`: the sale with a limit that the SKU is in.
 * Once an order was counted, it is reported for good, whatever becomes of the limit.
 */
export const isUncounted = (row: OrderRow, limitedSale: string | undefined): boolean =>
  (row.counted !== null || row.saleId === limitedSale) && row.counted !== unitsOwned([row]);

export const toCountedOrder = (row: OrderRow, now: number): CountedOrder => ({
  version: row.version,
  units: unitsOwned([row]),
  endsAt: row.status === "reserved" && !isFree(row) ? heldUntil(row, now) : null,
});
