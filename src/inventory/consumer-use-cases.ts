// What the queue consumers do at the object: settle orders, and deliver their events to the shop.

import type { ExtraEvent } from "../config/webhook-events.ts";
import { log } from "../observability/log.ts";
import { type Claim, type PaymentResult, toClaim, type WrittenVersion } from "./claim.ts";
import { decideConfirmFree } from "./decide-order.ts";
import { decidePaymentResult, type MoneyOutcome, moneyStep } from "./decide-outcome.ts";
import { decideRefundPending, decideRefundResult, type Returned } from "./decide-refund.ts";
import { decideReturned } from "./decide-reported.ts";
import { decideWithdraw } from "./decide-stock.ts";
import { type OrderRow, toOrder } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import {
  type EventFilter,
  type EventToDeliver,
  eventOf,
  makesEvent,
  passes,
} from "./owed-events.ts";
import { nextAfter, PAGE_SIZE } from "./page.ts";
import { noteMismatch } from "./payment-report.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** Confirms free orders at once. The other claims name the step that their money needs. */
export function claim(work: UnitOfWork, refs: OrderRef[]): Claim[] {
  const now = work.begin();
  return refs.flatMap((ref) => {
    const row = work.current(ref, now);
    if (!row) return [];
    const confirmed = decideConfirmFree(row, now);
    if (confirmed) work.save(row, confirmed, { send: false });
    return [{ ...toClaim(confirmed ?? row), ...work.requests.of(ref.orderId) }];
  });
}

/** Units of these orders that expired. Money for one takes them again, if they are free. */
export function expiredUnits(work: UnitOfWork, refs: readonly OrderRef[]): number {
  const now = Date.now();
  return refs.reduce((sum, ref) => {
    const row = work.current(ref, now);
    return row?.status === "expired" ? sum + row.quantity : sum;
  }, 0);
}

/** Applies what the provider said to the gateway. Returns the claims as they are now. */
export function recordPayments(work: UnitOfWork, results: PaymentResult[]): Claim[] {
  const now = work.begin();
  return results.flatMap(({ userId, orderId, money, attempt, refundId }) => {
    const row = work.current({ userId, orderId }, now);
    if (!row) return [];
    const changed =
      money.outcome === "pending"
        ? notePending(work, row, refundId, now)
        : refundId
          ? applyRefund(work, row, refundId, money, now)
          : applyOutcome(work, row, money, now, { attempt, send: true });
    return [toClaim(changed ?? row)];
  });
}

/** Saves what an outcome makes of an order. Returns the new row, or undefined if nothing changed. */
export function applyOutcome(
  work: UnitOfWork,
  row: OrderRow,
  money: MoneyOutcome,
  now: number,
  { attempt, send }: { attempt?: number; send: boolean },
): OrderRow | undefined {
  const decided = decidePaymentResult(work.stateFor(row, now), row, money, now, attempt);
  if (!decided) return undefined;
  const changed = withoutClaims(work, decided, now);
  work.save(row, changed, { send });
  if (money.outcome === "refund_failed") logFailedRefund(changed);
  if (money.outcome !== "charged") return changed;
  if (money.isRefunded) {
    return applyOutcome(work, changed, { outcome: "refunded" }, now, { send }) ?? changed;
  }
  const { returned: amount } = money;
  const partly = amount ? decideReturned(changed, { amount, at: now }, now) : undefined;
  if (partly) work.save(changed, partly, { send });
  return partly ?? changed;
}

/** Raises the payments that claimed to be the order's and are not, now that the order's own is known. */
function withoutClaims(work: UnitOfWork, row: OrderRow, now: number): OrderRow {
  if (!row.payment?.claims) return row;
  const { claims, ...payment } = row.payment;
  for (const id of claims) if (id !== payment.chargeId) noteMismatch(work, row.orderId, id, now);
  return { ...row, payment };
}

/** The order is in the line of the payments already, so it is not sent again. */
function notePending(
  work: UnitOfWork,
  row: OrderRow,
  refundId: string | undefined,
  now: number,
): OrderRow | undefined {
  const changed = decideRefundPending(row, refundId ?? "", now);
  if (changed) work.save(row, changed, { send: false });
  return changed;
}

/** Saves the outcome of a refund of the operator's. Units that must not be sold again leave the stock. */
function applyRefund(
  work: UnitOfWork,
  row: OrderRow,
  refundId: string,
  money: MoneyOutcome,
  now: number,
): OrderRow | undefined {
  if (money.outcome !== "refunded" && money.outcome !== "refund_failed") return undefined;
  const returned = decideRefundResult(row, refundId, money, now);
  if (!returned) return undefined;
  saveReturned(work, row, returned);
  if (money.outcome === "refund_failed") logFailedRefund(returned.row);
  return returned.row;
}

/** Saves a refund's effect on the order and on the stock. Both commit together. */
export function saveReturned(
  work: UnitOfWork,
  before: OrderRow,
  { row, withdrawn }: Returned,
): void {
  const { setup } = work.ledger;
  if (setup && withdrawn > 0) work.ledger.saveSetup(decideWithdraw(setup, withdrawn));
  work.save(before, row);
}

/** An operator must return the money in another way. */
export const logFailedRefund = ({ orderId, reason }: OrderRow): void =>
  log("payment.refund_failed", { orderId, reason: reason ?? "unknown" });

export function acknowledge(
  work: UnitOfWork,
  written: WrittenVersion[],
  extra: readonly ExtraEvent[],
): void {
  const now = Date.now();
  work.published.stockChanged(); // the stock is the same, but not the gauges
  for (const ref of written) {
    const row = work.ledger.order(ref);
    // An older version leaves the order unacknowledged, so it is not worth a row.
    if (!row || row.acknowledged >= ref.version || ref.version !== row.version) continue;
    if (moneyStep(row) !== "none") {
      work.ledger.index.forwarded(ref);
      continue;
    }
    const owed = ref.owed === true && makesEvent(row, extra);
    const acknowledged = { ...row, acknowledged: ref.version };
    work.ledger.save(row, owed ? { ...acknowledged, owedSince: now } : acknowledged);
    if (owed) work.sendEvent(row);
  }
}

export function owedEvents(
  work: UnitOfWork,
  refs: OrderRef[],
  extra: readonly ExtraEvent[],
): EventToDeliver[] {
  const now = work.begin();
  return refs.flatMap((ref) => {
    const row = work.current(ref, now);
    if (!row || row.owedSince === null || !eventOf(row, extra)) return [];
    const { userId, owedSince: since } = row;
    return [{ userId, order: toOrder(row), since, ...work.requests.of(ref.orderId) }];
  });
}

export function markDelivered(
  work: UnitOfWork,
  delivered: (OrderRef & { version: number })[],
): void {
  for (const ref of delivered) {
    const row = work.ledger.order(ref);
    if (!row || row.owedSince === null || row.version !== ref.version) continue;
    work.ledger.save(row, { ...row, owedSince: null });
  }
}

export function resendEvents(
  work: UnitOfWork,
  after: OrderRef | null,
  filter: EventFilter,
): { owed: number; next: OrderRef | null } {
  const now = work.begin();
  const rows = work.ledger.pages.after(after ?? undefined, PAGE_SIZE);
  const matching = rows.filter((row) => passes(row, filter));
  for (const row of matching) oweEvent(work, row, now);
  return { owed: matching.length, next: nextAfter(rows) };
}

/** Owes the shop the event of an order, again if it was delivered before. */
export function oweEvent(work: UnitOfWork, row: OrderRow, now: number): void {
  work.ledger.save(row, { ...row, owedSince: now });
  work.sendEvent(row);
}
