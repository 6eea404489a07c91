// The decisions about an order. Pure: state + command + now → the row to write and the answer, without clock or
// storage. The object loads, decides and saves.
import type { Money } from "../money.ts";
import type { Item, OrderRow, Payment } from "./order.ts";

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
  holdSeconds: number;
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
}

/** An idempotency key that maps to an order made under another key. */
export interface Alias {
  key: string;
  fingerprint: string;
  orderId: string;
}

export const isFree = (row: Pick<OrderRow, "unitPrice">): boolean => row.unitPrice.amount === 0;

/** A hold ends at `expiresAt`. A free order waits for no payment, so its hold never ends. */
const holdEnded = (row: OrderRow, now: number): boolean =>
  row.status === "reserved" && !isFree(row) && now >= row.expiresAt;

const next = (row: OrderRow, change: Partial<OrderRow>, now: number): OrderRow => ({
  ...row,
  ...change,
  version: row.version + 1,
  changedAt: now,
});

/** The expired row. Undefined while the hold runs. */
export function decideExpire(row: OrderRow, now: number): OrderRow | undefined {
  return holdEnded(row, now) ? next(row, { status: "expired" }, now) : undefined;
}

/** Whether the buyer has the order's units, for now or for good. */
export const owns = (row: OrderRow): boolean =>
  row.status === "reserved" || row.status === "confirmed";

export const unitsOwned = (mine: OrderRow[]): number =>
  mine.reduce((sum, row) => sum + (owns(row) ? row.quantity : 0), 0);

/** A decision about an order: the row as it is now, and whether it must be written. */
export type OrderDecision<Reason extends string> =
  | { ok: true; changed: boolean; row: OrderRow }
  | { ok: false; reason: Reason };

const unchanged = (row: OrderRow) => ({ ok: true, changed: false, row }) as const;
const changed = (row: OrderRow) => ({ ok: true, changed: true, row }) as const;

/** Attaches a payment method. Paying again with the same token changes nothing. */
export function decidePay(
  row: OrderRow,
  token: string,
  now: number,
): OrderDecision<"order_not_payable"> {
  if (row.payment?.token === token) return unchanged(row);
  if (row.status !== "reserved" || row.payment || isFree(row) || holdEnded(row, now)) {
    return { ok: false, reason: "order_not_payable" };
  }
  return changed(next(row, { payment: { token, state: "due", givenAt: now } }, now));
}

/** Cancels a reserved order for its buyer. The saga deals with a charge that may be in flight. */
export function decideCancel(row: OrderRow, now: number): OrderDecision<"order_not_cancellable"> {
  if (row.status === "cancelled") return unchanged(row);
  if (row.status !== "reserved" || holdEnded(row, now)) {
    return { ok: false, reason: "order_not_cancellable" };
  }
  return changed(next(row, { status: "cancelled", reason: "buyer" }, now));
}

/** What the consumer must do about an order's money before it may acknowledge the version. */
export type MoneyStep = "none" | "charge" | "void" | "refund";

export function moneyStep(row: OrderRow): MoneyStep {
  if (row.payment?.state === "refund_due") return "refund";
  if (row.payment?.state !== "due") return "none";
  return row.status === "reserved" ? "charge" : "void";
}

/** What the payment provider reported about an order's money. */
export type MoneyOutcome =
  | { outcome: "charged"; chargeId: string }
  | { outcome: "declined"; reason: string }
  | { outcome: "voided" }
  | { outcome: "refunded" };

/** A free order needs no payment, so the consumer's claim confirms it. */
export function decideConfirmFree(row: OrderRow, now: number): OrderRow | undefined {
  return row.status === "reserved" && isFree(row)
    ? next(row, { status: "confirmed" }, now)
    : undefined;
}

/**
 * Applies a result of the payment provider. Returns the new row, or undefined if nothing changes: results come
 * at least once and in any order. Money that arrives after the hold ended buys the units if some are free and
 * the buyer's limit allows it. After a cancellation it is always refunded.
 */
export function decidePaymentResult(
  { terms, stock, mine }: BuyerState,
  row: OrderRow,
  outcome: MoneyOutcome,
  now: number,
): OrderRow | undefined {
  const { payment, status } = row;
  if (!payment) return undefined;
  const paid = (state: Payment["state"]): Payment => ({ ...payment, state });
  switch (outcome.outcome) {
    case "charged": {
      // No charge should succeed after `voided`. If one did, the money must still be noticed and returned.
      if (payment.state !== "due" && payment.state !== "voided") return undefined;
      const charged = { ...paid("charged"), chargeId: outcome.chargeId };
      const limit = terms?.perUserLimit ?? 0;
      const fits = available(stock) >= row.quantity && unitsOwned(mine) + row.quantity <= limit;
      if (status === "reserved" || (status === "expired" && fits)) {
        return next(row, { status: "confirmed", payment: charged }, now);
      }
      return next(row, { payment: { ...charged, state: "refund_due" } }, now);
    }
    case "declined":
      if (payment.state !== "due") return undefined;
      return status === "reserved"
        ? next(row, { status: "cancelled", reason: outcome.reason, payment: paid("declined") }, now)
        : next(row, { payment: paid("declined") }, now);
    case "voided":
      if (payment.state !== "due" || status === "reserved") return undefined;
      return next(row, { payment: paid("voided") }, now);
    case "refunded":
      // A refund that was due, or one that the shop made at its provider. The units go back on sale.
      if (payment.state !== "refund_due" && payment.state !== "charged") return undefined;
      return next(row, { status: "refunded", payment: paid("refunded") }, now);
  }
}
