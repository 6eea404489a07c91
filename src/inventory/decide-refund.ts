// The decisions about refunds that the operator requests. Pure: state + command + now → the row to write.
import { isFree, next } from "./decide-order.ts";
import { type OrderRow, totalOf } from "./order.ts";
import type { Payment } from "./order-payment.ts";
import {
  committedAmount,
  dueRefund,
  type Refund,
  type ReturnReport,
  type Returns,
  returnedAmount,
  returnsOf,
  takenUnits,
  unitsLeft,
} from "./returns.ts";

export interface RefundCommand {
  /** The idempotency key of the request. */
  id: string;
  fingerprint: string;
  /** Absent: all units that are left. */
  quantity?: number;
  backOnSale: boolean;
  reason: string;
}

/** A changed order, and the units that leave the stock with the change. */
export interface Returned {
  row: OrderRow;
  withdrawn: number;
}

export type RefundDecision =
  | { ok: true; refund: Refund; changed?: Returned }
  | { ok: false; reason: "order_not_cancellable" | "idempotency_key_reused" }
  | { ok: false; reason: "too_many"; left: number };

/**
 * Accepts a refund. The units of a paid order leave it once the provider returned the money, so a failed refund costs the
 * buyer nothing. Those of a free order leave it at once. An order that has no units, but whose refund failed, gets its money
 * alone: late money that the bank did not take back, or a refund that it returned.
 */
export function decideRefund(row: OrderRow, command: RefundCommand, now: number): RefundDecision {
  const returns = returnsOf(row);
  const { id, fingerprint, backOnSale, reason } = command;
  const earlier = returns.refunds.find((refund) => refund.id === id);
  if (earlier) {
    return earlier.fingerprint === fingerprint
      ? { ok: true, refund: earlier }
      : { ok: false, reason: "idempotency_key_reused" };
  }
  // The shop's own checkout returns its charges itself, and reports it.
  if (row.payment?.isExternal) return { ok: false, reason: "order_not_cancellable" };
  const rest = totalOf(row).amount - committedAmount(returns);
  const left = row.status === "confirmed" ? unitsLeft(row) : 0;
  const isMoneyOnly = left === 0 && row.payment?.state === "refund_failed";
  if ((left === 0 && !isMoneyOnly) || (rest <= 0 && !isFree(row))) {
    return { ok: false, reason: "order_not_cancellable" };
  }
  const quantity = command.quantity ?? left;
  if (quantity > left) return { ok: false, reason: "too_many", left };
  const refund: Refund = {
    id,
    fingerprint,
    quantity,
    amount: isMoneyOnly ? rest : Math.min(quantity * row.unitPrice.amount, rest),
    backOnSale,
    reason,
    acceptedAt: now,
    state: "due",
    isTaken: false,
  };
  const refunds = [...returns.refunds, refund];
  const accepted = { ...returns, floor: returnedAmount(returns), refunds };
  if (isFree(row)) return { ok: true, refund, changed: finished(row, accepted, refund, now) };
  return { ok: true, refund, changed: { row: settled(row, accepted, now), withdrawn: 0 } };
}

/** What the provider reported about one refund of the operator's. `returned`: its total for the charge, as read then. */
export type RefundResult = { returned?: ReturnReport } & (
  | { outcome: "refunded" }
  | { outcome: "refund_failed"; reason: string }
);

/** Applies the outcome of a refund that is due. Undefined if it is not: results come at least once. */
export function decideRefundResult(
  row: OrderRow,
  refundId: string,
  result: RefundResult,
  now: number,
): Returned | undefined {
  const refund = returnsOf(row).refunds.find(({ id }) => id === refundId);
  if (refund?.state !== "due" || row.payment?.state !== "refund_due") return undefined;
  const returns = readAs(returnsOf(row), result.returned);
  if (result.outcome === "refunded") return finished(row, returns, refund, now);
  const failed = replaced(returns, { ...refund, state: "failed" });
  return { row: settled({ ...row, reason: result.reason }, failed, now), withdrawn: 0 };
}

/**
 * A total that was read at the provider. Unlike an event, it may lower the stored one: a refund can have failed. A newer
 * report than the reading stays.
 */
function readAs(returns: Returns, read: ReturnReport | undefined): Returns {
  if (!read || read.at <= returns.correctedAt) return returns;
  const { amount: reported, at } = read;
  if (reported >= returns.reported) return reportedAs(returns, read);
  if (at <= returns.reportedAt) return returns;
  const floor = Math.min(returns.floor, reported);
  return { ...returns, reported, floor, reportedAt: at, correctedAt: at };
}

/** The highest total counts: reports come in any order. */
export const reportedAs = (returns: Returns, { amount, at }: ReturnReport): Returns => ({
  ...returns,
  reported: Math.max(returns.reported, amount),
  reportedAt: Math.max(returns.reportedAt, at),
});

/** Notes that the provider is working on a refund, so that the next one need not wait. Undefined if that is known. */
export function decideRefundPending(
  row: OrderRow,
  refundId: string,
  now: number,
): OrderRow | undefined {
  const refund = returnsOf(row).refunds.find(({ id }) => id === refundId);
  if (refund?.state !== "due" || refund.isPending) return undefined;
  return next(row, { returns: replaced(returnsOf(row), { ...refund, isPending: true }) }, now);
}

function finished(row: OrderRow, returns: Returns, refund: Refund, now: number): Returned {
  const isLeaving = !refund.isTaken && !refund.backOnSale;
  const after = replaced(returns, { ...refund, state: "succeeded", isTaken: true });
  return { row: settled(row, after, now), withdrawn: isLeaving ? refund.quantity : 0 };
}

const replaced = (returns: Returns, refund: Refund): Returns => ({
  ...returns,
  refunds: returns.refunds.map((each) => (each.id === refund.id ? refund : each)),
});

/** The row of a confirmed order with new returns, and the status and payment that follow from them. */
export function settled(row: OrderRow, returns: Returns, now: number): OrderRow {
  const after = { ...row, returns };
  const isAllReturned = isFree(row)
    ? takenUnits(after) === row.quantity
    : returnedAmount(returns) >= totalOf(row).amount;
  const state = paymentState(after, isAllReturned);
  return next(
    row,
    {
      returns,
      status: isAllReturned && state !== "refund_due" ? "refunded" : row.status,
      payment: row.payment && { ...row.payment, state },
      reason: state === "refund_failed" ? row.reason : null,
    },
    now,
  );
}

function paymentState(row: OrderRow, isAllReturned: boolean): Payment["state"] {
  if (dueRefund(row)) return "refund_due";
  if (isAllReturned) return "refunded";
  const { refunds } = returnsOf(row);
  const hasFailed = refunds.at(-1)?.state === "failed" || refunds.some(isReturnedByBank);
  return hasFailed ? "refund_failed" : "charged";
}

/** Whether the refund took the units, but its money came back to the shop. */
const isReturnedByBank = ({ state, isTaken }: Refund): boolean => state === "failed" && isTaken;

/** An event about a refund of the operator's. Undefined if nothing is to be looked up. */
export function decideRefundLookUp(
  row: OrderRow,
  refundId: string,
  hasFailed: boolean,
  now: number,
): OrderRow | undefined {
  const refund = returnsOf(row).refunds.find(({ id }) => id === refundId);
  if (!refund) return undefined;
  const { isPending, ...known } = refund;
  // A bank can return a refund after the provider reported its success.
  const hasChanged = refund.state === "due" ? isPending : refund.state === "succeeded" && hasFailed;
  if (!hasChanged) return undefined;
  const payment = row.payment && ({ ...row.payment, state: "refund_due" } as const);
  const returns = replaced(returnsOf(row), { ...known, state: "due" });
  return next(row, { returns, payment }, now);
}
