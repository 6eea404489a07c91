// What the operator does with orders at the object. Each use case runs without an await, so its writes commit together.
import type { Money } from "../money.ts";
import { saveReturned } from "./consumer-use-cases.ts";
import { decideRefund, type RefundCommand } from "./decide-refund.ts";
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
  | { ok: false; reason: "too_many"; left: number };

export function refund(work: UnitOfWork, orderId: string, command: RefundCommand): RefundAnswer {
  const now = work.begin();
  const userId = work.ledger.ownerOf(orderId);
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
