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
  /** Absent: all units that are left. 0: the money that is owed. */
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
  | { ok: false; reason: "order_not_cancellable" | "idempotency_key_reused" | "nothing_owed" }
  | { ok: false; reason: "too_many"; left: number };

/**
 * Accepts a refund. The units of a paid order leave it once the provider returned the money, so a failed refund costs the
 * buyer nothing. Those of a free order leave it at once. A refund of all that is left includes the money that is owed, and one
 * of no units returns that money alone.
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
  const left = leftUnits(row);
  const quantity = command.quantity ?? left;
  // Late money is returned without a command, unless that failed.
  const mayOwe = row.status === "confirmed" || row.payment?.state === "refund_failed";
  const owed = mayOwe ? owedAmount(row) : 0;
  if (command.quantity === 0 && owed === 0) return { ok: false, reason: "nothing_owed" };
  if (left + owed === 0 || (rest <= 0 && !isFree(row))) {
    return { ok: false, reason: "order_not_cancellable" };
  }
  if (quantity > left) return { ok: false, reason: "too_many", left };
  const isWithOwed = command.quantity === undefined || quantity === 0;
  const refund: Refund = {
    id,
    fingerprint,
    quantity,
    amount: Math.min(quantity * row.unitPrice.amount + (isWithOwed ? owed : 0), rest),
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

const leftUnits = (row: OrderRow): number => (row.status === "confirmed" ? unitsLeft(row) : 0);

/**
 * The money of units that left the order, as far as it is neither returned nor about to be: the bank returned the refund, or
 * never took it. In minor units.
 */
const owedAmount = (row: OrderRow): number =>
  Math.max(
    0,
    (row.quantity - leftUnits(row)) * row.unitPrice.amount - committedAmount(returnsOf(row)),
  );

/**
 * What the provider reported about one refund of the operator's. `returned`: its total for the charge, as read then.
 * `isElsewhere`: other refunds had returned everything before.
 */
export type RefundResult = { returned?: ReturnReport } & (
  | { outcome: "refunded"; isElsewhere?: true }
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
  if (result.outcome === "refunded") {
    const { isElsewhere } = result;
    return finished(row, returns, { ...refund, ...(isElsewhere && { isElsewhere }) }, now);
  }
  const failed = replaced(returns, { ...refund, state: "failed" });
  return { row: settled({ ...row, reason: result.reason }, failed, now), withdrawn: 0 };
}

/**
 * A total that was read at the provider. Unlike an event, it may lower the stored one: a refund can have failed. A newer
 * report than the reading stays. Of two that are equally old the lower one counts: rather show less than money that came back.
 */
function readAs(returns: Returns, read: ReturnReport | undefined): Returns {
  if (!read || read.at <= returns.correctedAt) return returns;
  const { amount: reported, at } = read;
  if (reported >= returns.reported) return reportedAs(returns, read);
  if (at < returns.reportedAt) return returns;
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
  const hasFailed = returnsOf(row).refunds.at(-1)?.state === "failed";
  return hasFailed || owedAmount(row) > 0 ? "refund_failed" : "charged";
}

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
