// The decisions about an order. Pure: state + command + now → the row to write and the answer, without clock or
// storage. The object loads, decides and saves.
import type { AdmissionDecision } from "../admission/decision.ts";
import type { Money } from "../values/money.ts";
import type { Item, OrderRow } from "./order.ts";
import type { Payment } from "./order-payment.ts";
import { takenUnits } from "./returns.ts";

/** Units of a SKU. The available ones are always stocked − held − sold. */
export interface Stock {
  stocked: number;
  held: number;
  sold: number;
}

export const available = ({ stocked, held, sold }: Stock): number => stocked - held - sold;

/** The terms on which a SKU sells. Times in milliseconds. */
export interface Terms {
  saleId: string;
  skuId: string;
  opensAt: number;
  closesAt: number;
  unitPrice: Money;
  perUserLimit: number;
  /** Units of all SKUs of the sale together that one person may have. Absent: no such limit. */
  saleLimit?: number;
  holdSeconds: number;
  /** Whether only people whose turn it is may buy. Absent: no. */
  hasLine?: true;
  /** The item that orders copy. Absent in terms from before orders stored one. */
  item?: Item;
}

/** The state that a decision about one user's orders needs. `terms` is null if nothing is on sale. */
export interface BuyerState {
  terms: Terms | null;
  stock: Stock;
  /** All orders of this user for this SKU, in any order. */
  mine: OrderRow[];
  /** Keys of attempts that were answered with another attempt's order (see `decide-reserve.ts`). */
  aliases: Alias[];
  /** Whether the sale's line admits the user. Absent if the sale has no line. */
  admission?: AdmissionDecision;
  /** Whether the sale's limit per person has room for an expired order whose money arrived. Matters only if there is one. */
  isLateLeased?: boolean;
}

/** An idempotency key that maps to an order made under another key. */
export interface Alias {
  key: string;
  fingerprint: string;
  orderId: string;
}

export const isFree = (row: Pick<OrderRow, "unitPrice">): boolean => row.unitPrice.amount === 0;

/** A hold ends at `expiresAt`. A free order waits for no payment, so its hold never ends. */
export const holdEnded = (row: OrderRow, now: number): boolean =>
  row.status === "reserved" && !isFree(row) && now >= row.expiresAt;

/** The row after a change: its next version. An order that is not reserved starts no charge and asks its buyer nothing. */
export function next(row: OrderRow, change: Partial<OrderRow>, now: number): OrderRow {
  const after = { ...row, ...change, version: row.version + 1, changedAt: now };
  if (after.status === "reserved" || !after.payment) return after;
  const { receiptEmail: _receiptEmail, clientSecret: _clientSecret, ...payment } = after.payment;
  return { ...after, payment };
}

/** Whether the buyer has the order's units, for now or for good. */
export const owns = (row: OrderRow): boolean =>
  row.status === "reserved" || row.status === "confirmed";

export const unitsOwned = (mine: OrderRow[]): number =>
  mine.reduce((sum, row) => sum + (owns(row) ? row.quantity - takenUnits(row) : 0), 0);

/** A decision about an order: the row as it is now, and whether it must be written. */
export type OrderDecision<Reason extends string> =
  | { ok: true; changed: boolean; row: OrderRow }
  | { ok: false; reason: Reason };

const unchanged = (row: OrderRow) => ({ ok: true, changed: false, row }) as const;
const changed = (row: OrderRow) => ({ ok: true, changed: true, row }) as const;

/**
 * Cancels a reserved order for its buyer, or releases its units for the operator. The saga deals with a charge that may be
 * in flight: it is voided, or refunded if it succeeded.
 */
export function decideCancel(
  row: OrderRow,
  now: number,
  by: "buyer" | "operator",
): OrderDecision<"order_not_cancellable"> {
  if (row.status === "cancelled") return unchanged(row);
  if (row.status !== "reserved" || holdEnded(row, now)) {
    return { ok: false, reason: "order_not_cancellable" };
  }
  const payment = stopForGood(row, now);
  return changed(next(row, { status: "cancelled", reason: by, payment }, now));
}

/** The payment with the end of the hold. `changedAt` does not record it, because voiding the payment comes later. */
function stopForGood({ payment, expiresAt }: OrderRow, now: number): Payment | null {
  if (!payment || payment.isExternal || payment.pause) return payment;
  // Payments from before the clock could stand still.
  if (payment.pausedMs === undefined) return payment;
  return { ...payment, pause: { since: now, left: expiresAt - now } };
}

/** A free order needs no payment, so the consumer's claim confirms it. */
export function decideConfirmFree(row: OrderRow, now: number): OrderRow | undefined {
  return row.status === "reserved" && isFree(row)
    ? next(row, { status: "confirmed" }, now)
    : undefined;
}
