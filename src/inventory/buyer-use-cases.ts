// What buyers do at the object: reserve, pay, cancel. Each runs without an await, so its writes commit together.
import { decideCancel, type OrderDecision } from "./decide-order.ts";
import { decidePay, type PaymentView, type PayRefusal, toPaymentView } from "./decide-pay.ts";
import { decideReserve, type ReserveCommand, type ReserveDecision } from "./decide-reserve.ts";
import type { LineGate } from "./line-gate.ts";
import type { PublicStock } from "./live-stock.ts";
import { asAccepted, type Order, type OrderRow, toOrder } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** `stock`: lets the edge refuse further buyers itself, unless they have an order. */
export type ReserveResult =
  | { ok: true; replayed: boolean; order: Order }
  | (Exclude<ReserveDecision, { ok: true }> & { stock?: PublicStock });

export type OrderResult<Reason extends string> =
  | { ok: true; order: Order }
  | { ok: false; reason: Reason | "not_found" };

/** Reasons that refuse every caller without an order. While nothing sells, there are no new buyers. */
const NOTHING_SELLS: ReadonlySet<string> = new Set(["not_found", "sale_not_open", "sale_closed"]);

/** @param isFinal false: other lanes may have units. Undefined if only those are missing */
export function reserve(
  work: UnitOfWork,
  gate: LineGate,
  command: ReserveCommand,
  isFinal: boolean,
): ReserveResult | undefined {
  const { lease, userId, idempotencyKey: key } = command;
  const isRefused = lease !== undefined && work.allowances.isRefused(lease.id);
  const { lease: _, ...unleased } = command;
  const result = decideAndSave(work, gate, isRefused ? unleased : command);
  if (!isFinal && !result.ok && result.reason === "sold_out") {
    return command.lookUpOnly ? { ok: false, reason: "no_such_order" } : undefined;
  }
  // Used or not, it can take no other units now. The report says which order it made.
  if (lease) work.allowances.spend({ saleId: lease.saleId, userId, key }, lease.id);
  return result;
}

function decideAndSave(work: UnitOfWork, gate: LineGate, command: ReserveCommand): ReserveResult {
  const now = work.begin();
  const state = work.stateOf(command.userId, now, command.idempotencyKey);
  const admission = gate.decide(state.terms, command);
  const decision = decideReserve({ ...state, ...(admission && { admission }) }, command, now);
  if (!decision.ok) {
    const isStopped = command.isStopped === true && decision.reason === "no_such_order";
    const nothingSells = isStopped || NOTHING_SELLS.has(decision.reason);
    const refusesAll = nothingSells || decision.reason === "sold_out";
    if (!command.wantsBuyers || !refusesAll) return decision;
    return { ...decision, stock: work.published.stock(nothingSells) };
  }
  const { row, replayed, alias } = decision;
  work.requests.note(row.orderId, command.requestId);
  if (!replayed) work.save(undefined, row, { isFirst: state.mine.length === 0 });
  if (alias) work.ledger.saveAlias(row.userId, alias);
  return { ok: true, replayed, order: asAccepted(row) };
}

export const pay = (
  work: UnitOfWork,
  ref: OrderRef,
  token: string,
  receiptEmail?: string,
  requestId?: string,
): OrderResult<PayRefusal> =>
  change(work, ref, requestId, (row, now) => decidePay(row, token, now, receiptEmail));

export const cancel = (
  work: UnitOfWork,
  ref: OrderRef,
  requestId?: string,
): OrderResult<"order_not_cancellable"> =>
  change(work, ref, requestId, (row, now) => decideCancel(row, now, "buyer"));

function change<Reason extends string>(
  work: UnitOfWork,
  ref: OrderRef,
  requestId: string | undefined,
  decide: (row: OrderRow, now: number) => OrderDecision<Reason>,
): OrderResult<Reason> {
  const now = work.begin();
  const row = work.current(ref, now);
  if (!row) return { ok: false, reason: "not_found" };
  const decision = decide(row, now);
  if (!decision.ok) return decision;
  work.requests.note(row.orderId, requestId);
  if (decision.changed) work.save(row, decision.row);
  return { ok: true, order: toOrder(decision.row) };
}

/** The payment of an order for its owner, the client secret included. */
export function paymentOf(work: UnitOfWork, ref: OrderRef): PaymentView | null {
  const row = work.current(ref, work.begin());
  return row ? toPaymentView(row) : null;
}
