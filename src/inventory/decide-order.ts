// What may happen to an order. Pure decisions: state + command + now → the row to write and the answer;
// no clock, no storage. The object around them loads, decides and commits.
import type { Money } from "../money.ts";
import type { Item, OrderRow, Payment } from "./order.ts";

/** Units of a SKU. `available` is always what is left: stocked − held − sold. */
export interface Stock {
  stocked: number;
  held: number;
  sold: number;
}

export const available = ({ stocked, held, sold }: Stock): number => stocked - held - sold;

/** On which terms the SKU sells; times in milliseconds. */
export interface Terms {
  saleId: string;
  skuId: string;
  opensAt: number;
  closesAt: number;
  unitPrice: Money;
  perUserLimit: number;
  holdSeconds: number;
  /** The words that orders keep; absent in terms from before they did. */
  item?: Item;
}

/** What a decision about one user's orders needs to know. `terms` is null when nothing is on sale. */
export interface BuyerState {
  terms: Terms | null;
  stock: Stock;
  /** All orders of this user for this SKU, in any order. */
  mine: OrderRow[];
  /** Keys of attempts that learned the outcome of another one (see `decide-reserve.ts`). */
  aliases: Alias[];
}

/** A key that stands for an order which was made under another key. */
export interface Alias {
  key: string;
  fingerprint: string;
  orderId: string;
}

export const isFree = (row: Pick<OrderRow, "unitPrice">): boolean => row.unitPrice.amount === 0;

/** A hold ends at `expiresAt`. A free order waits for nobody's money, so its hold does not end. */
const holdEnded = (row: OrderRow, now: number): boolean =>
  row.status === "reserved" && !isFree(row) && now >= row.expiresAt;

const next = (row: OrderRow, change: Partial<OrderRow>, now: number): OrderRow => ({
  ...row,
  ...change,
  version: row.version + 1,
  changedAt: now,
});

/** The row once its hold has ended; undefined while it has not. */
export function decideExpire(row: OrderRow, now: number): OrderRow | undefined {
  return holdEnded(row, now) ? next(row, { status: "expired" }, now) : undefined;
}

/** Whether the order's units are the buyer's, for now or for good. */
export const owns = (row: OrderRow): boolean =>
  row.status === "reserved" || row.status === "confirmed";

export const unitsOwned = (mine: OrderRow[]): number =>
  mine.reduce((sum, row) => sum + (owns(row) ? row.quantity : 0), 0);

/** An order decision: the row as it now is, and whether it must be written. */
export type OrderDecision<Reason extends string> =
  | { ok: true; changed: boolean; row: OrderRow }
  | { ok: false; reason: Reason };

const unchanged = (row: OrderRow) => ({ ok: true, changed: false, row }) as const;
const changed = (row: OrderRow) => ({ ok: true, changed: true, row }) as const;

/** Attaches a payment method. Paying twice with the same token is one payment. */
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

/** The buyer gives a reserved order back. Money that may be on its way is dealt with by the saga. */
export function decideCancel(row: OrderRow, now: number): OrderDecision<"order_not_cancellable"> {
  if (row.status === "cancelled") return unchanged(row);
  if (row.status !== "reserved" || holdEnded(row, now)) {
    return { ok: false, reason: "order_not_cancellable" };
  }
  return changed(next(row, { status: "cancelled", reason: "buyer" }, now));
}

/** What the consumer must do about an order's money before its version can be acknowledged. */
export type MoneyStep = "none" | "charge" | "void" | "refund";

export function moneyStep(row: OrderRow): MoneyStep {
  if (row.payment?.state === "refund_due") return "refund";
  if (row.payment?.state !== "due") return "none";
  return row.status === "reserved" ? "charge" : "void";
}

/** What became of the money, as far as the gateway could say. */
export type MoneyOutcome =
  | { outcome: "charged"; chargeId: string }
  | { outcome: "declined"; reason: string }
  | { outcome: "voided" }
  | { outcome: "refunded" };

/** A free order needs nobody's money: the consumer's visit is what confirms it. */
export function decideConfirmFree(row: OrderRow, now: number): OrderRow | undefined {
  return row.status === "reserved" && isFree(row)
    ? next(row, { status: "confirmed" }, now)
    : undefined;
}

/**
 * Applies what the gateway said. Returns the new row, or undefined when nothing changes: outcomes are
 * delivered at least once and in any order. Money that lands after the hold ended is honoured while
 * units and the buyer's limit allow; after a cancellation, never.
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
      // After `voided` no charge should succeed; if one did, the money must not stay with us unseen.
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
      // Due by us, or made by the shop at its payment provider: the units go back on sale.
      if (payment.state !== "refund_due" && payment.state !== "charged") return undefined;
      return next(row, { status: "refunded", payment: paid("refunded") }, now);
  }
}
