// Paying for an order, as its buyer sees it: the methods they try, and what the payment came to. Pure: state + command + now
// → the row to write and the answer.
import { ANOTHER_METHOD, attemptOf, attemptsLeft } from "./attempts.ts";
import { holdEnded, isFree, next, type OrderDecision } from "./decide-order.ts";
import { LEAST_LEFT_MS, stopClock } from "./hold-clock.ts";
import type { OrderRow } from "./order.ts";
import type { Payment } from "./order-payment.ts";

/** Only the provider knows whether the buyer answered, or the bank. */
export const LOOK_AGAIN: ReadonlySet<Payment["state"]> = new Set(["action_required", "processing"]);

/** `method_used`: the order tried this method before, and it was declined or replaced. */
export type PayRefusal = "order_not_payable" | "method_used";

/**
 * Attaches a payment method: the first one, or another one after a decline or instead of the bank's question. A request
 * that arrives again, however late, never tries a method twice and never replaces a newer one: the current method changes
 * nothing, except that an open question is looked up at the provider, and one that was declined or replaced is refused.
 */
export function decidePay(
  row: OrderRow,
  token: string,
  now: number,
  receiptEmail?: string,
): OrderDecision<PayRefusal> {
  const { payment, status } = row;
  const isOpen = status === "reserved" && !isFree(row) && !holdEnded(row, now);
  if (payment?.token === token && payment.state !== "declined") {
    const looksAgain = isOpen && LOOK_AGAIN.has(payment.state);
    return looksAgain ? changed(lookAgain(row, payment, now)) : { ok: true, changed: false, row };
  }
  const mayTry = !payment || (ANOTHER_METHOD.has(payment.state) && attemptsLeft(payment) > 0);
  if (!isOpen || !mayTry) return { ok: false, reason: "order_not_payable" };
  const usedTokens = payment ? [...(payment.usedTokens ?? []), payment.token] : [];
  if (usedTokens.includes(token)) return { ok: false, reason: "method_used" };
  const attempt = payment ? attemptOf(payment) + 1 : 1;
  const method = { token, attempt, givenAt: now, ...(receiptEmail ? { receiptEmail } : {}) };
  const before = payment ? withoutMethod(payment) : {};
  const due: Payment = { ...before, ...method, state: "due", usedTokens };
  return changed(next(row, { ...stopClock(row, due, now, LEAST_LEFT_MS), reason: null }, now));
}

/** The fields that the next method takes over from the one before. */
const withoutMethod = ({
  clientSecret: _clientSecret,
  isExternal: _isExternal,
  isLastLook: _isLastLook,
  receiptEmail: _receiptEmail,
  ...payment
}: Payment) => payment;

const changed = (row: OrderRow) => ({ ok: true, changed: true, row }) as const;

/** The row that makes the consumer look the payment up at the provider. */
export const lookAgain = (row: OrderRow, payment: Payment, now: number): OrderRow =>
  next(row, stopClock(row, { ...payment, state: "due" }, now), now);

/** The payment of an order as its owner sees it. */
export interface PaymentView {
  state: Payment["state"] | "none";
  reason?: string;
  clientSecret?: string;
  attemptsLeft: number;
  /** Since when the payment is due: milliseconds. */
  dueSince?: number;
}

export function toPaymentView(row: OrderRow): PaymentView {
  const { payment, reason, status, changedAt } = row;
  const isReserved = status === "reserved";
  return {
    state: payment?.state ?? "none",
    ...(reason ? { reason } : {}),
    ...(payment?.clientSecret && isReserved ? { clientSecret: payment.clientSecret } : {}),
    attemptsLeft: isReserved && !isFree(row) ? attemptsLeft(payment) : 0,
    ...(payment?.state === "due" && !payment.isExternal ? { dueSince: changedAt } : {}),
  };
}
