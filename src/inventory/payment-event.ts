// What the payment provider reports by itself, at any time and in any order. An event counts only if payment, amount and
// currency are the order's own. Where the ledger cannot tell yet, the consumer asks the provider.

import type { Money } from "../money.ts";
import { applyOutcome } from "./consumer-use-cases.ts";
import { decideLookUp, type MoneyOutcome } from "./decide-outcome.ts";
import { totalOf } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/**
 * One event. `changed`: something happened to the payment; only the provider knows what. `refunding`: its money is on the
 * way back, but a bank can still return it. `refunded`: the refund succeeded.
 */
export interface PaymentEvent extends OrderRef {
  kind: "succeeded" | "changed" | "refunding" | "refunded" | "refund_failed";
  /** The provider's id of the payment. */
  chargeId: string;
  /** What was received, or returned so far. Absent for `changed`. */
  amount?: Money;
  /** Why a refund failed. */
  reason?: string;
}

/**
 * `mismatch`: the event is about another payment, amount or currency than the order's, and an operator must look.
 * `ignored`: it changes nothing here.
 */
export type EventResult = "applied" | "looking_up" | "ignored" | "mismatch" | "not_found";

export function recordEvent(work: UnitOfWork, event: PaymentEvent): EventResult {
  const now = work.begin();
  const row = work.current(event, now);
  if (!row) return "not_found";
  const { payment } = row;
  const total = totalOf(row);
  const isTotal = event.amount?.amount === total.amount;
  const isOther = payment?.chargeId !== undefined && payment.chargeId !== event.chargeId;
  const isCurrency = !event.amount || event.amount.currency === total.currency;
  const isAmount = event.kind !== "succeeded" || isTotal;
  if (!payment || payment.isExternal || isOther || !isCurrency || !isAmount) return "mismatch";
  const isOurs = payment.state === "refund_due";
  // The refund that we made ourselves is looked up until it succeeded.
  const proves = payment.chargeId && isTotal && !(isOurs && event.kind === "refunding");
  const outcome = proves ? outcomeOf(event) : undefined;
  if (outcome && applyOutcome(work, row, outcome, now, { send: true })) return "applied";
  if (payment.state === "due" || payment.state === "refund_due") {
    work.send(row);
    return "looking_up";
  }
  const lookUp = decideLookUp(row, event.kind === "changed" ? "changed" : "succeeded", now);
  if (!lookUp) return "ignored";
  work.save(row, lookUp);
  return "looking_up";
}

/** What an event about the whole amount of a payment that is known to be the order's proves. */
function outcomeOf({
  kind,
  chargeId,
  reason = "refund_failed",
}: PaymentEvent): MoneyOutcome | undefined {
  switch (kind) {
    case "succeeded":
      return { outcome: "charged", chargeId };
    case "refunding":
    case "refunded":
      return { outcome: "refunded" };
    case "refund_failed":
      return { outcome: "refund_failed", reason };
    case "changed":
      return undefined;
  }
}
