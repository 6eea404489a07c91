// Money that arrives after a hold ended buys the units only if its owner's allowance still has them. So a lease is taken first;
// after that, the ledger decides and writes without an await, as always.

import type { OrderRow } from "../order.ts";
import type { OrderRef } from "../order-id.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { type AllowanceEnv, type LeaseAnswer, leaseUnits } from "./client.ts";

/**
 * Applies results of which some are charges, of these orders. Applies nothing and returns `undecided` if an allowance cannot
 * tell yet: the result must come again then, because its money would be returned although there may be room for it.
 */
export async function withLateLeases<Result>(
  env: AllowanceEnv,
  work: UnitOfWork,
  charged: OrderRef[],
  apply: () => Result,
  undecided: Result,
): Promise<Result> {
  const late = charged.flatMap((ref) => expiredRow(work, ref) ?? []);
  if (late.length === 0) return apply();
  const limit = work.ledger.setup?.terms?.saleLimit ?? 0;
  const answers = await Promise.all(late.map((row) => leaseAgain(env, row, limit)));
  const leased = late.flatMap((row, n) => {
    const answer = answers[n];
    return answer?.ok && answer.lease ? { row, lease: answer.lease } : [];
  });
  try {
    if (answers.some((answer) => !answer.ok && answer.reason === "undecided")) return undecided;
    // The answers may have come one long after the other, and the operator may have changed the limit.
    const now = Date.now();
    if (leased.some(({ lease }) => now >= lease.until)) return undecided;
    if (work.ledger.setup?.terms?.saleLimit !== limit) return undecided;
    work.lateLeased = new Set(leased.map(({ row }) => row.orderId));
    return apply();
  } finally {
    work.lateLeased = new Set();
    for (const { row, lease } of leased) {
      work.allowances.spend({ ...row, key: row.idempotencyKey }, lease.id);
    }
  }
}

function expiredRow(work: UnitOfWork, ref: OrderRef): OrderRow | undefined {
  const row = work.current(ref, Date.now());
  const isLate = row?.status === "expired" && row.saleId === work.ledger.index.limitedSale;
  return isLate ? row : undefined;
}

function leaseAgain(
  env: AllowanceEnv,
  { saleId, userId, skuId, idempotencyKey: key, quantity }: OrderRow,
  limit: number,
): Promise<LeaseAnswer> {
  return leaseUnits(env, { saleId, userId, skuId, key, quantity, limit, isAgain: true });
}
