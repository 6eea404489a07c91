// What the queue consumers do at the object: settle orders, and deliver their events to the shop.
import { type Claim, type PaymentResult, toClaim, type WrittenVersion } from "./claim.ts";
import { decideConfirmFree } from "./decide-order.ts";
import { decidePaymentResult, type MoneyOutcome } from "./decide-outcome.ts";
import { type OrderRow, toOrder } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { type EventToDeliver, isFinal } from "./owed-events.ts";
import { nextAfter, PAGE_SIZE } from "./page.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** Confirms free orders at once. The other claims name the step that their money needs. */
export function claim(work: UnitOfWork, refs: OrderRef[]): Claim[] {
  const now = work.begin();
  return refs.flatMap((ref) => {
    const row = work.current(ref, now);
    if (!row) return [];
    const confirmed = decideConfirmFree(row, now);
    if (confirmed) work.save(row, confirmed, { send: false });
    return [toClaim(confirmed ?? row)];
  });
}

/** Applies what the provider said to the gateway. Returns the claims as they are now. */
export function recordPayments(work: UnitOfWork, results: PaymentResult[]): Claim[] {
  const now = work.begin();
  return results.flatMap(({ userId, orderId, money, attempt }) => {
    const row = work.current({ userId, orderId }, now);
    if (!row) return [];
    return [toClaim(applyOutcome(work, row, money, now, { attempt, send: true }) ?? row)];
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
  const changed = decidePaymentResult(work.stateOf(row.userId, now), row, money, now, attempt);
  if (changed) work.save(row, changed, { send });
  const isReturned = money.outcome === "charged" && money.isRefunded;
  if (!changed || !isReturned) return changed;
  return applyOutcome(work, changed, { outcome: "refunded" }, now, { send }) ?? changed;
}

export function acknowledge(work: UnitOfWork, written: WrittenVersion[]): void {
  const now = Date.now();
  for (const ref of written) {
    const row = work.ledger.order(ref);
    if (!row || row.acknowledged >= ref.version || ref.version > row.version) continue;
    const owed = ref.owed === true && isFinal(row);
    const acknowledged = { ...row, acknowledged: ref.version };
    work.ledger.save(row, owed ? { ...acknowledged, owedSince: now } : acknowledged);
    if (owed) work.sendEvent(row);
  }
}

export function owedEvents(work: UnitOfWork, refs: OrderRef[]): EventToDeliver[] {
  const now = work.begin();
  return refs.flatMap((ref) => {
    const row = work.current(ref, now);
    if (!row || row.owedSince === null || !isFinal(row)) return [];
    return [{ userId: row.userId, order: toOrder(row), since: row.owedSince }];
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
): { owed: number; next: OrderRef | null } {
  const now = work.begin();
  const rows = work.ledger.page(after ?? undefined, PAGE_SIZE);
  const final = rows.filter(isFinal);
  for (const row of final) {
    work.ledger.save(row, { ...row, owedSince: now });
    work.sendEvent(row);
  }
  return { owed: final.length, next: nextAfter(rows) };
}
