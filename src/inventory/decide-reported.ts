// The decisions about what the provider reports by itself: refunds that the shop made there, and disputes. Pure: state +
// report + now → the row to write, or undefined if nothing changes.
import { next } from "./decide-order.ts";
import { reportedAs, settled } from "./decide-refund.ts";
import { type OrderRow, totalOf } from "./order.ts";
import type { Dispute, Payment } from "./order-payment.ts";
import { dueRefund, type ReturnReport, returnsOf } from "./returns.ts";

const WITH_MONEY: ReadonlySet<Payment["state"]> = new Set([
  "charged",
  "refund_due",
  "refund_failed",
  "refunded",
]);

/**
 * Records the total that the provider returned of a charge. It never decreases: reports come in any order. Units stay with
 * the order until all of its money is back.
 */
export function decideReturned(
  row: OrderRow,
  report: ReturnReport,
  now: number,
): OrderRow | undefined {
  const before = returnsOf(row);
  const { payment, status } = row;
  if (!payment || !WITH_MONEY.has(payment.state)) return undefined;
  // In the second of a failure, a report may have been read before it. Rather show less than count money that came back.
  if (report.amount <= before.reported || report.at <= before.correctedAt) return undefined;
  const returns = reportedAs(before, report);
  return status === "confirmed" ? settled(row, returns, now) : next(row, { returns }, now);
}

/**
 * Records that a refund made at the provider failed, so that an operator acts. `amount`: what is still returned. Undefined if
 * that is known, or if other refunds returned everything since.
 */
export function decideReturnFailed(
  row: OrderRow,
  { amount: reported, at, reason }: ReturnReport & { reason: string },
  now: number,
): OrderRow | undefined {
  const before = returnsOf(row);
  const { payment } = row;
  if (!payment || !WITH_MONEY.has(payment.state) || at <= before.correctedAt) return undefined;
  if (reported >= totalOf(row).amount) return undefined;
  const returns = { ...before, reported, floor: Math.min(before.floor, reported), correctedAt: at };
  const state = dueRefund(row) || payment.state === "refund_due" ? "refund_due" : "refund_failed";
  if (payment.state === state && before.reported === reported) return undefined;
  return next(row, { returns, payment: { ...payment, state }, reason }, now);
}

/** Statuses after which a dispute does not change any more. */
const CLOSED: ReadonlySet<string> = new Set(["won", "lost", "warning_closed", "prevented"]);

export const isClosed = ({ status }: Dispute): boolean => CLOSED.has(status);

/**
 * Records a dispute, unless a newer report is stored. Only the status changes: who has the units is for the operator to
 * decide, even after a lost dispute. A closed dispute is never opened again by a late event.
 */
export function decideDispute(row: OrderRow, dispute: Dispute, now: number): OrderRow | undefined {
  const known = row.dispute;
  if (!known) return next(row, { dispute }, now);
  const isOlder = dispute.at < known.at;
  const isReopened = known.id === dispute.id && isClosed(known) && !isClosed(dispute);
  const isClosing = known.id === dispute.id && !isClosed(known) && isClosed(dispute);
  if (isReopened || (isOlder && !isClosing)) return undefined;
  if (known.id === dispute.id && known.status === dispute.status) return undefined;
  return next(row, { dispute }, now);
}
