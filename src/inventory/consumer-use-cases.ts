// What the queue consumers do at the object: settle orders, and deliver their events to the shop.
import { type Claim, type PaymentResult, toClaim, type WrittenVersion } from "./claim.ts";
import { decideConfirmFree, decidePaymentResult } from "./decide-order.ts";
import { toOrder } from "./order.ts";
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

export function recordPayments(
  work: UnitOfWork,
  results: PaymentResult[],
  { send }: { send: boolean },
): Claim[] {
  const now = work.begin();
  return results.flatMap(({ userId, orderId, money }) => {
    const row = work.current({ userId, orderId }, now);
    if (!row) return [];
    const changed = decidePaymentResult(work.stateOf(userId, now), row, money, now);
    if (changed) work.save(row, changed, { send });
    return [toClaim(changed ?? row)];
  });
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
