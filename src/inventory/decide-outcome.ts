// What the payment provider's answers make of an order, its units and its money. Pure: state + answer + now → the row to
// write.
import { attemptOf } from "./attempts.ts";
import { available, type BuyerState, next, unitsOwned } from "./decide-order.ts";
import { LOOK_AGAIN, lookAgain } from "./decide-pay.ts";
import type { RefundResult } from "./decide-refund.ts";
import { startClock, stopClock } from "./hold-clock.ts";
import type { OrderRow } from "./order.ts";
import type { Payment } from "./order-payment.ts";
import { dueRefund } from "./returns.ts";

/** The step about an order's money that the consumer must take before it may acknowledge the version. */
export type MoneyStep = "none" | "charge" | "void" | "refund";

/**
 * While an order is reserved, the buyer or the provider makes the next move after an answer. Once it is not, every payment
 * that the provider may still complete is voided: a browser with the client secret could confirm it late.
 */
export function moneyStep({ payment, status }: OrderRow): MoneyStep {
  const isReserved = status === "reserved";
  // The shop moves this money itself. A refund stays due until the shop reports it.
  if (payment?.isExternal) return "none";
  switch (payment?.state) {
    case "refund_due":
      return "refund";
    case "due":
      return isReserved ? "charge" : "void";
    case "action_required":
    case "processing":
      return isReserved ? "none" : "void";
    case "declined":
      return isReserved || !payment.chargeId ? "none" : "void";
    default:
      return "none";
  }
}

/** The payment provider's report about an order's money. */
export type MoneyOutcome =
  /** `returned`: what the provider returned of it meanwhile, in minor units. `isRefunded`: that is all of it. */
  /** `card`: a keyed hash of the card (see `Traces`). */
  | {
      outcome: "charged";
      chargeId: string;
      isRefunded?: boolean;
      returned?: number;
      card?: string;
    }
  | { outcome: "action_required"; chargeId: string; clientSecret: string }
  | { outcome: "processing"; chargeId: string }
  /** `isCancelled`: no method can be charged with this payment any more, so the next one needs another payment. */
  | { outcome: "declined"; reason: string; chargeId?: string; isCancelled?: true }
  | { outcome: "voided"; chargeId?: string }
  | RefundResult;

const UNDECIDED: ReadonlySet<Payment["state"]> = new Set(["due", "processing", "action_required"]);
/** No charge should succeed after `voided`. If one did, the money must still be noticed and returned. */
const CHARGEABLE: ReadonlySet<Payment["state"]> = new Set([...UNDECIDED, "declined", "voided"]);
const RETURNABLE: ReadonlySet<Payment["state"]> = new Set([
  "charged",
  "refund_due",
  "refund_failed",
]);

/**
 * Applies a result of the payment provider. Returns the new row, or undefined if nothing changes: results come at least
 * once and in any order, and a result about an earlier method than the current one (`attempt`) decides nothing, except that
 * money always counts. Money that arrives after the hold ended buys the units if some are free and the buyer's limits
 * allow it. After a cancellation it is always refunded.
 */
export function decidePaymentResult(
  state: BuyerState,
  row: OrderRow,
  outcome: MoneyOutcome,
  now: number,
  attempt?: number,
): OrderRow | undefined {
  const { payment, status } = row;
  if (!payment) return undefined;
  const isCurrent = attempt === undefined || attempt === attemptOf(payment);
  const isUndecided = UNDECIDED.has(payment.state) && isCurrent;
  const isReserved = status === "reserved";
  switch (outcome.outcome) {
    case "charged":
      return CHARGEABLE.has(payment.state)
        ? chargedRow(state, withCard(row, outcome), withId(payment, outcome), now)
        : undefined;
    case "action_required": {
      if (!isUndecided || !isReserved) return undefined;
      const { chargeId, clientSecret } = outcome;
      if (payment.state === "action_required" && payment.clientSecret === clientSecret)
        return undefined;
      const asked: Payment = { ...payment, chargeId, clientSecret, state: "action_required" };
      return next(row, startClock(row, asked, now), now);
    }
    case "processing":
      // The provider has not answered yet, so the hold's clock stands still on.
      if (!isUndecided || !isReserved || payment.state === "processing") return undefined;
      return next(
        row,
        stopClock(row, { ...withId(payment, outcome), state: "processing" }, now),
        now,
      );
    case "declined": {
      if (!isUndecided) return undefined;
      const declined: Payment = { ...withId(payment, outcome), state: "declined" };
      if (!isReserved) return next(row, { payment: declined }, now);
      if (outcome.isCancelled) delete declined.chargeId;
      return next(row, { ...startClock(row, declined, now), reason: outcome.reason }, now);
    }
    case "voided":
      if (isReserved || !(UNDECIDED.has(payment.state) || payment.state === "declined"))
        return undefined;
      return next(row, { payment: { ...withId(payment, outcome), state: "voided" } }, now);
    case "refunded":
      // A refund that was due, or one that the shop made at its provider. The units go back on sale. The refunds that an
      // operator requested are decided by their ids.
      if (!RETURNABLE.has(payment.state) || dueRefund(row)) return undefined;
      return next(row, { status: "refunded", payment: { ...payment, state: "refunded" } }, now);
    case "refund_failed":
      // A bank can return a refund after the provider reported its success.
      if (payment.state !== "refund_due" && payment.state !== "refunded") return undefined;
      if (dueRefund(row)) return undefined;
      return next(
        row,
        { payment: { ...payment, state: "refund_failed" }, reason: outcome.reason },
        now,
      );
  }
}

/** The payment with the provider's id, and without a client secret that no longer opens anything. */
function withId(
  { clientSecret: _, ...payment }: Payment,
  { chargeId }: { chargeId?: string },
): Payment {
  return chargeId === undefined ? payment : { ...payment, chargeId };
}

const withCard = (row: OrderRow, { card }: { card?: string }): OrderRow =>
  card === undefined ? row : { ...row, traces: { ...row.traces, card } };

function chargedRow(
  { terms, stock, mine, isLateLeased }: BuyerState,
  row: OrderRow,
  payment: Payment,
  now: number,
): OrderRow {
  const limit = terms?.perUserLimit ?? 0;
  const isLimited = terms?.saleLimit !== undefined && terms.saleId === row.saleId;
  const fits =
    available(stock) >= row.quantity &&
    unitsOwned(mine) + row.quantity <= limit &&
    (!isLimited || isLateLeased === true);
  if (row.status === "reserved" || (row.status === "expired" && fits)) {
    const charged: Payment = { ...payment, state: "charged" };
    return next(row, { ...startClock(row, charged, now), status: "confirmed", reason: null }, now);
  }
  return next(row, { payment: { ...payment, state: "refund_due" } }, now);
}

/** Whether news of a charge would still change the order. */
export const awaitsCharge = ({ payment }: Pick<OrderRow, "payment">): boolean =>
  payment !== null && CHARGEABLE.has(payment.state);

/** Whether a change of an order is the news of a charge that came after the order had expired. */
export const isLateCharge = (before: OrderRow, { payment }: OrderRow): boolean =>
  before.status === "expired" &&
  (payment?.state === "charged" || payment?.state === "refund_due") &&
  !(before.payment && RETURNABLE.has(before.payment.state)) &&
  before.payment?.state !== "refunded";

/**
 * The row that makes the consumer look a payment up at the provider, because an event suggests that it changed and the
 * event alone proves nothing. Undefined if there is nothing to look up, or it is being looked up already.
 */
export function decideLookUp(
  row: OrderRow,
  event: "succeeded" | "changed",
  now: number,
): OrderRow | undefined {
  const { payment, status } = row;
  if (!payment) return undefined;
  const mayBeLate = event === "succeeded" && ["declined", "voided"].includes(payment.state);
  if (status !== "reserved") {
    return mayBeLate ? next(row, { payment: { ...payment, state: "due" } }, now) : undefined;
  }
  return mayBeLate || LOOK_AGAIN.has(payment.state) ? lookAgain(row, payment, now) : undefined;
}
