// Money that arrives after a hold ended buys the units only if its owner's allowance still has them. So a lease is taken first;
// after that, the ledger decides and writes without an await, as always.

import type { OrderRow } from "../order.ts";
import type { OrderRef } from "../order-id.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { type AllowanceEnv, leaseUnits } from "./client.ts";
import type { Lease } from "./decide.ts";

/**
 * Applies results of which some are charges, of these orders. @throws if an allowance cannot tell yet: the result must come
 * again then, because its money would be returned although there may be room for it.
 */
export async function withLateLeases<Result>(
  env: AllowanceEnv,
  work: UnitOfWork,
  charged: OrderRef[],
  apply: () => Result,
): Promise<Result> {
  const late = charged.flatMap((ref) => expiredRow(work, ref) ?? []);
  if (late.length === 0) return apply();
  const leases = await Promise.all(late.map((row) => leaseAgain(env, work, row)));
  const granted = late.filter((_, n) => leases[n]);
  try {
    work.lateLeased = new Set(granted.map(({ orderId }) => orderId));
    return apply();
  } finally {
    work.lateLeased = new Set();
    late.forEach((row, n) => {
      const lease = leases[n];
      if (lease) work.allowances.spend({ ...row, key: row.idempotencyKey }, lease.id);
    });
  }
}

function expiredRow(work: UnitOfWork, ref: OrderRef): OrderRow | undefined {
  const row = work.current(ref, Date.now());
  const isLate = row?.status === "expired" && row.saleId === work.ledger.index.limitedSale;
  return isLate ? row : undefined;
}

/** Null if the person's allowance is used up. */
async function leaseAgain(
  env: AllowanceEnv,
  { ledger }: UnitOfWork,
  { saleId, userId, skuId, idempotencyKey: key, quantity }: OrderRow,
): Promise<Lease | null> {
  const limit = ledger.setup?.terms?.saleLimit ?? 0;
  const command = { saleId, userId, skuId, key, quantity, limit, isAgain: true } as const;
  const answer = await leaseUnits(env, command);
  if (answer.ok) return answer.lease;
  if (answer.reason === "undecided") throw new Error("the allowance is undecided");
  return null;
}
