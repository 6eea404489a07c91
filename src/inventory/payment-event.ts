// What the payment provider reports by itself, at any time and in any order. An event counts only if payment, amount and
// currency are the order's own. Where the ledger cannot tell yet, the consumer asks the provider.

import { log } from "../observability/log.ts";
import type { Money } from "../values/money.ts";
import { applyOutcome, logFailedRefund } from "./consumer-use-cases.ts";
import { awaitsCharge, decideLookUp, type MoneyOutcome } from "./decide-outcome.ts";
import { decideRefundLookUp } from "./decide-refund.ts";
import { decideDispute, decideReturned, decideReturnFailed } from "./decide-reported.ts";
import { type OrderRow, totalOf } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { noteMismatch } from "./payment-report.ts";
import { returnsOf } from "./returns.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/**
 * One event. `changed`: something happened to the payment; only the provider knows what. `asked`: the bank asks the buyer.
 * `refunding`: the money is on the way back, but a bank can still return it. `refunded`: the refund succeeded. `disputed`: a
 * dispute has a new status.
 */
export interface PaymentEvent extends OrderRef {
  kind: "succeeded" | "changed" | "asked" | "refunding" | "refunded" | "refund_failed" | "disputed";
  /** The provider's id of the payment. */
  chargeId: string;
  /** When it happened: milliseconds since 1970. */
  at: number;
  /**
   * What was received, for `succeeded`; the total of all refunds, for `refunding`; the amount of one refund, for
   * `refunded` and `refund_failed`. Only compared with the order.
   */
  amount?: Money;
  /** For a refund made at the provider: what refunds returned for certain, as read when the event came. Minor units. */
  returned?: number;
  /** Why a refund failed. */
  reason?: string;
  /** The operator's refund that it is about. Absent for refunds made at the provider. */
  refundId?: string;
  dispute?: { id: string; status: string };
  /** It is about another account's payment, whose metadata name this order. Absent: about one of the shop's own account. */
  isForeign?: true;
}

/**
 * `mismatch`: the event is about another payment, amount or currency than the order's, and an operator must look.
 * `too_early`: the provider must send it again, once the order's payment is known. `ignored`: it changes nothing here.
 */
export type EventResult =
  | "applied"
  | "looking_up"
  | "ignored"
  | "mismatch"
  | "too_early"
  | "not_found";

/** Events that are no reason to look at another payment, such as one that was cancelled and replaced. */
const MOVES_NO_MONEY: ReadonlySet<PaymentEvent["kind"]> = new Set(["changed", "asked"]);

/** A later look at the payment shows neither a dispute nor that a refund failed. */
const TOLD_BY_NO_LOOK: ReadonlySet<PaymentEvent["kind"]> = new Set(["disputed", "refund_failed"]);

export function recordEvent(work: UnitOfWork, event: PaymentEvent): EventResult {
  const now = work.begin();
  const row = work.current(event, now);
  if (!row) return "not_found";
  if (!isOurs(row, event)) return refuse(work, event, now);
  const isRefund = event.kind === "refunded" || event.kind === "refund_failed";
  if (isRefund && event.refundId) return recordOwnRefund(work, row, event, now);
  if (!row.payment?.chargeId && TOLD_BY_NO_LOOK.has(event.kind)) {
    work.send(row);
    return "too_early";
  }
  if (event.dispute) return recordDispute(work, row, event, now);
  const changed = row.payment?.chargeId ? recordReport(work, row, event, now) : false;
  return changed ? "applied" : lookUp(work, row, event, now);
}

function refuse(
  work: UnitOfWork,
  { kind, orderId, chargeId }: PaymentEvent,
  now: number,
): EventResult {
  if (MOVES_NO_MONEY.has(kind)) return "ignored";
  noteMismatch(work, orderId, chargeId, now);
  return "mismatch";
}

/** Whether payment, amount and currency can be the order's. */
function isOurs(row: OrderRow, { kind, chargeId, amount, isForeign }: PaymentEvent): boolean {
  const { payment } = row;
  const total = totalOf(row);
  if (isForeign || !payment || payment.isExternal) return false;
  if (payment.chargeId !== undefined && payment.chargeId !== chargeId) return false;
  if (!amount) return true;
  const isAmount =
    kind === "succeeded" ? amount.amount === total.amount : amount.amount <= total.amount;
  return isAmount && amount.currency === total.currency;
}

function recordDispute(
  work: UnitOfWork,
  row: OrderRow,
  { dispute, at }: PaymentEvent,
  now: number,
): EventResult {
  if (!dispute) return "ignored";
  const changed = decideDispute(row, { ...dispute, at }, now);
  if (!changed) return "ignored";
  work.save(row, changed);
  log("order.disputed", { orderId: row.orderId, reason: dispute.status });
  return "applied";
}

const isDue = (row: OrderRow, refundId: string): boolean =>
  returnsOf(row).refunds.some(({ id, state }) => id === refundId && state === "due");

/** The consumer looks up the operator's own refunds: an event alone proves nothing about them. */
function recordOwnRefund(
  work: UnitOfWork,
  row: OrderRow,
  { refundId = "", kind }: PaymentEvent,
  now: number,
): EventResult {
  const changed = decideRefundLookUp(row, refundId, kind === "refund_failed", now);
  if (changed) work.save(row, changed);
  else if (isDue(row, refundId)) work.send(row);
  else return "ignored";
  return "looking_up";
}

/** Applies what the event proves about a payment that is known to be the order's. Returns whether anything changed. */
function recordReport(work: UnitOfWork, row: OrderRow, event: PaymentEvent, now: number): boolean {
  const { kind, chargeId, at, returned: amount } = event;
  const apply = (outcome: MoneyOutcome) =>
    applyOutcome(work, row, outcome, now, { send: true }) !== undefined;
  if (kind === "succeeded") return apply({ outcome: "charged", chargeId });
  if (amount === undefined) return false;
  // Only money that was charged can be returned, so a refund proves its charge, whose own event may come later or never.
  if (awaitsCharge(row)) {
    const charged = applyOutcome(work, row, { outcome: "charged", chargeId }, now, { send: true });
    if (charged) recordReport(work, charged, event, now);
    return true;
  }
  // A refund that we made ourselves is looked up until it succeeded.
  const isDue = row.payment?.state === "refund_due";
  if (kind === "refund_failed") {
    const { reason = kind } = event;
    return !isDue && saveFailure(work, row, decideReturnFailed(row, { amount, at, reason }, now));
  }
  if (amount === totalOf(row).amount) return !isDue && apply({ outcome: "refunded" });
  const changed = decideReturned(row, { amount, at }, now);
  if (changed) work.save(row, changed);
  return changed !== undefined;
}

function saveFailure(work: UnitOfWork, row: OrderRow, failed: OrderRow | undefined): boolean {
  if (!failed) return false;
  work.save(row, failed);
  logFailedRefund(failed);
  return true;
}

/** Makes the consumer look the payment up at the provider, if the event suggests that it changed. */
function lookUp(work: UnitOfWork, order: OrderRow, event: PaymentEvent, now: number): EventResult {
  const row = withClaim(work, order, event);
  const { payment } = row;
  const { kind } = event;
  if (payment?.state === "due" || payment?.state === "refund_due") {
    work.send(row);
    return "looking_up";
  }
  // The ledger has the question already, and the secret to answer it.
  if (kind === "asked" && payment?.state === "action_required") return "ignored";
  const isChange = kind === "changed" || kind === "asked";
  const changed = decideLookUp(row, isChange ? "changed" : "succeeded", now);
  if (!changed) return "ignored";
  work.save(row, changed);
  return "looking_up";
}

/** Most payments that are noted for one order. */
const MAX_CLAIMS = 5;

/** Notes which payment succeeded while the order's own is unknown, so that another one's money does not go unnoticed. */
function withClaim(work: UnitOfWork, row: OrderRow, { kind, chargeId }: PaymentEvent): OrderRow {
  const { payment } = row;
  const claims = payment?.claims ?? [];
  const isKnown = !payment || payment.chargeId !== undefined || claims.includes(chargeId);
  if (kind !== "succeeded" || isKnown || claims.length === MAX_CLAIMS) return row;
  const noted = { ...row, payment: { ...payment, claims: [...claims, chargeId] } };
  work.ledger.save(row, noted);
  return noted;
}
