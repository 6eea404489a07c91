// What a report of the shop's own checkout makes of an order and its money. Pure: state + report + now → the row and the
// charge to write, and what the shop must do.
import type { Money } from "../values/money.ts";
import { type BuyerState, isFree, next } from "./decide-order.ts";
import { decidePaymentResult } from "./decide-outcome.ts";
import { type OrderRow, totalOf } from "./order.ts";
import type { Payment } from "./order-payment.ts";

/** A payment that the shop's checkout took, declined or refunded. */
export interface PaymentReport {
  outcome: "charged" | "declined" | "refunded";
  /** The shop's id of the charge. A refund has the reference of its charge. */
  reference: string;
  amount: Money;
}

/** Where the money of one charge is. `kept`: it pays for the order. `refund_due`: the shop was asked to return it. */
export type ChargeState = "kept" | "refund_due" | "refunded";

/** The shop's next step with the money of the reported charge. */
export type ReportAction = "none" | "refund";

/** `row` and `charge` are absent if they do not change. */
export type ReportDecision =
  | { ok: true; action: ReportAction; row?: OrderRow; charge?: ChargeState }
  | { ok: false; reason: "payment_mismatch" | "order_not_payable" };

/**
 * Decides about a report. Reports come at least once and in any order. `charge` is what earlier reports made of the same
 * reference. An order keeps one charge: the first that finds it reserved, or expired while units are free and the buyer's
 * limit allows it. The money of every other charge must be returned.
 */
export function decideReport(
  state: BuyerState,
  row: OrderRow,
  charge: ChargeState | undefined,
  report: PaymentReport,
  now: number,
): ReportDecision {
  const { outcome, reference, amount } = report;
  const total = totalOf(row);
  const isTotal = amount.amount === total.amount && amount.currency === total.currency;
  if (!isTotal) return { ok: false, reason: "payment_mismatch" };
  if (isFree(row)) return { ok: false, reason: "order_not_payable" };
  switch (outcome) {
    case "charged":
      return charge
        ? { ok: true, action: charge === "refund_due" ? "refund" : "none" }
        : decideCharge(state, row, reference, now);
    case "declined":
      return { ok: true, action: "none", ...(charge ? {} : decline(row, now)) };
    case "refunded":
      return charge === "refunded" ? NOTHING : decideRefund(state, row, reference, now);
  }
}

const NOTHING = { ok: true, action: "none" } as const;

/** A payment at the shop's checkout. The hold's clock never stops for it. */
const external = (state: Payment["state"]): Payment => ({
  token: "",
  isExternal: true,
  state,
  pausedMs: 0,
});

function decideCharge(
  state: BuyerState,
  row: OrderRow,
  reference: string,
  now: number,
): ReportDecision {
  const { payment } = row;
  // A payment that a gateway may still complete, from before the shop changed PAYMENTS, must not be paid twice either.
  const isTaken = payment && !(payment.isExternal && payment.state === "declined");
  const charged = { outcome: "charged", chargeId: reference } as const;
  const after = isTaken
    ? undefined
    : decidePaymentResult(state, { ...row, payment: external("due") }, charged, now);
  if (!after) return { ok: true, action: "refund", charge: "refund_due" };
  return after.payment?.state === "charged"
    ? { ok: true, action: "none", row: after, charge: "kept" }
    : { ok: true, action: "refund", row: after, charge: "refund_due" };
}

/** The buyer may try again until the hold ends. Only the first decline changes the order. */
function decline(row: OrderRow, now: number): { row?: OrderRow } {
  if (row.status !== "reserved" || row.payment) return {};
  return { row: next(row, { payment: external("declined") }, now) };
}

/** A refund can be reported before its charge, and without having been requested. */
function decideRefund(
  state: BuyerState,
  row: OrderRow,
  reference: string,
  now: number,
): ReportDecision {
  const isOrders = row.payment?.isExternal && row.payment.chargeId === reference;
  const after = isOrders
    ? decidePaymentResult(state, row, { outcome: "refunded" }, now)
    : undefined;
  return { ok: true, action: "none", charge: "refunded", ...(after ? { row: after } : {}) };
}
