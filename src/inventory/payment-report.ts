// Reports of the shop's own checkout at the object. The row and the charge are written together.

import type { Money } from "../values/money.ts";
import { decideReport, type PaymentReport, type ReportAction } from "./decide-report.ts";
import { type Order, toOrder, totalOf } from "./order.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** `total`: what the order costs, for a report with another amount. */
export type ReportResult =
  | { ok: true; order: Order; action: ReportAction }
  | { ok: false; reason: "not_found" }
  /** The report must come again: the buyer's allowance of the sale is undecided. */
  | { ok: false; reason: "unavailable" }
  | { ok: false; reason: "payment_mismatch" | "order_not_payable"; total: Money };

/** Applies a report. The same report again gets the same action, until a refund of its charge is reported. */
export function recordReport(
  work: UnitOfWork,
  orderId: string,
  report: PaymentReport,
): ReportResult {
  const now = work.begin();
  const { ledger } = work;
  const userId = ledger.byId.ownerOf(orderId);
  const row = userId === undefined ? undefined : work.current({ userId, orderId }, now);
  if (!row) return { ok: false, reason: "not_found" };
  const charge = ledger.payments.chargeOf(orderId, report.reference);
  const decision = decideReport(work.stateFor(row, now), row, charge, report, now);
  if (!decision.ok) {
    if (decision.reason === "payment_mismatch") noteMismatch(work, orderId, report.reference, now);
    return { ...decision, total: totalOf(row) };
  }
  if (decision.row) work.save(row, decision.row);
  if (decision.charge) ledger.payments.saveCharge(orderId, report.reference, decision.charge);
  if (decision.charge ?? charge) work.published.attentionChanged();
  return { ok: true, order: toOrder(decision.row ?? row), action: decision.action };
}

/** Records that a payment was reported for an order that is not the order's, for the operator. */
export function noteMismatch(
  work: UnitOfWork,
  orderId: string,
  reference: string,
  now: number,
): void {
  work.ledger.payments.saveMismatch(orderId, reference, now);
  work.published.attentionChanged();
}
