// What the operator does with orders at the object. Each use case runs without an await, so its writes commit together.
import { isSynthetic } from "../admission/rehearsal.ts";
import type { ExtraEvent } from "../config/webhook-events.ts";
import type { Money } from "../values/money.ts";
import { oweEvent, saveReturned } from "./consumer-use-cases.ts";
import { available, decideCancel } from "./decide-order.ts";
import { decideRefund, type RefundCommand } from "./decide-refund.ts";
import { inspect, type OrderInspection } from "./inspection.ts";
import type { OrderRow } from "./order.ts";
import { eventOf } from "./owed-events.ts";
import type { Refund } from "./returns.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** An accepted refund, in fields that never change, so that a repeated request gets the same answer. */
export interface RefundReceipt {
  /** The idempotency key of the request. */
  refundId: string;
  orderId: string;
  quantity: number;
  amount: Money;
  backOnSale: boolean;
  reason: string;
  /** ISO 8601, UTC. */
  acceptedAt: string;
}

export type RefundAnswer =
  | { ok: true; replayed: boolean; receipt: RefundReceipt }
  | { ok: false; reason: "not_found" | "order_not_cancellable" | "idempotency_key_reused" }
  | { ok: false; reason: "nothing_owed" }
  | { ok: false; reason: "too_many"; left: number };

export function refund(work: UnitOfWork, orderId: string, command: RefundCommand): RefundAnswer {
  const now = work.begin();
  const userId = work.ledger.byId.ownerOf(orderId);
  const row = userId === undefined ? undefined : work.current({ userId, orderId }, now);
  if (!row) return { ok: false, reason: "not_found" };
  const decision = decideRefund(row, command, now);
  if (!decision.ok) return decision;
  const { refund: accepted, changed } = decision;
  if (changed) saveReturned(work, row, changed);
  const receipt = toReceipt(orderId, row.unitPrice.currency, accepted);
  return { ok: true, replayed: !changed, receipt };
}

const toReceipt = (orderId: string, currency: string, refund: Refund): RefundReceipt => ({
  refundId: refund.id,
  orderId,
  quantity: refund.quantity,
  amount: { amount: refund.amount, currency },
  backOnSale: refund.backOnSale,
  reason: refund.reason,
  acceptedAt: new Date(refund.acceptedAt).toISOString(),
});

/** An order by its id alone. For what an operator does now and then, also while the SKU sells. */
function rowOf(work: UnitOfWork, orderId: string, now: number): OrderRow | undefined {
  const userId = work.ledger.byId.findOwner(orderId);
  return userId === undefined ? undefined : work.current({ userId, orderId }, now);
}

export function inspectOrder(work: UnitOfWork, orderId: string): OrderInspection | null {
  const row = rowOf(work, orderId, work.begin());
  return row ? inspect(row) : null;
}

/** `released`: false if the order was cancelled before. */
export type ReleaseAnswer =
  | { ok: true; released: boolean; order: OrderInspection }
  | { ok: false; reason: "not_found" | "order_not_cancellable" };

/** @param backOnSale whether its units go back on sale. Otherwise they leave the stock */
export function release(work: UnitOfWork, orderId: string, backOnSale: boolean): ReleaseAnswer {
  const now = work.begin();
  const row = rowOf(work, orderId, now);
  if (!row) return { ok: false, reason: "not_found" };
  const decision = decideCancel(row, now, "operator");
  if (!decision.ok) return decision;
  if (decision.changed) {
    saveReturned(work, row, { row: decision.row, withdrawn: backOnSale ? 0 : row.quantity });
  }
  return { ok: true, released: decision.changed, order: inspect(decision.row) };
}

/** `not_final`: there is no event about the order now. */
export type ResendAnswer =
  | { ok: true; version: number }
  | { ok: false; reason: "not_found" | "not_final" };

export function resendEvent(
  work: UnitOfWork,
  orderId: string,
  extra: readonly ExtraEvent[],
): ResendAnswer {
  const now = work.begin();
  const row = rowOf(work, orderId, now);
  if (!row) return { ok: false, reason: "not_found" };
  if (!eventOf(row, extra)) return { ok: false, reason: "not_final" };
  oweEvent(work, row, now);
  return { ok: true, version: row.version };
}

/**
 * Whether all that was ever sold here was sold in a rehearsal, and nothing is on sale. Ids of synthetic people have a prefix of
 * their own, so none of another kind is between two of them.
 */
export function isErasable({ ledger }: UnitOfWork): boolean {
  return !ledger.setup?.terms && ledger.pages.ends().every(isSynthetic);
}

/** See `SkuInventory.beforeRestock`. */
export function beforeRestock(
  work: UnitOfWork,
  key: string,
): { available: number; used?: number } | null {
  work.begin();
  const { ledger } = work;
  if (!ledger.setup) return null;
  const used = ledger.restockOf(key);
  return { available: available(ledger.stock), ...(used === undefined ? {} : { used }) };
}
