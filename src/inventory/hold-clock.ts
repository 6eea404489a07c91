// The clock of a hold. It stands still while the payment provider is asked, so that a slow provider never costs a buyer
// their units. Pure.
import type { OrderRow } from "./order.ts";
import type { Payment } from "./order-payment.ts";

/** Longest that the clock stands still for one order, all pauses added up. */
export const MAX_PAUSE_MS = 30 * 60_000;
/** Least time that a buyer has left after an answer, to try another method or to answer the bank. */
export const LEAST_LEFT_MS = 60_000;

/** The fields of an order that the clock changes. */
type Clocked = Pick<OrderRow, "expiresAt" | "acceptedUntil" | "payment">;

/**
 * Stops the clock, unless it stands still already. Meanwhile `expiresAt` names the bound: what is left of the hold after
 * the longest pause. `leastMs` is granted for a new method only, or a buyer could extend a hold by asking repeatedly.
 */
export function stopClock(row: OrderRow, payment: Payment, now: number, leastMs = 0): Clocked {
  const acceptedUntil = row.acceptedUntil ?? row.expiresAt;
  if (payment.pause) return { expiresAt: row.expiresAt, acceptedUntil, payment };
  return { acceptedUntil, ...pausedFrom(row.expiresAt, payment, now, leastMs) };
}

/** The hold of an order that comes with its payment: its clock stands still from the start. */
export function pausedFrom(
  expiresAt: number,
  payment: Payment,
  now: number,
  leastMs = 0,
): Pick<Clocked, "expiresAt" | "payment"> {
  const left = Math.max(expiresAt - now, leastMs);
  const budget = MAX_PAUSE_MS - (payment.pausedMs ?? 0);
  return { expiresAt: now + left + budget, payment: { ...payment, pause: { since: now, left } } };
}

/** Until when a hold lasts for certain, unless its order changes: a clock that stands still may start again at any time. */
export function heldUntil({ expiresAt, payment }: Clocked, now: number): number {
  const pause = payment?.pause;
  return pause ? Math.min(expiresAt, Math.max(now, pause.since) + pause.left) : expiresAt;
}

/** Starts the clock again where it stopped. What a pause took beyond the longest one is taken off the hold. */
export function startClock(row: OrderRow, payment: Payment, now: number): Clocked {
  const { pause, pausedMs = 0, ...rest } = payment;
  const acceptedUntil = row.acceptedUntil ?? row.expiresAt;
  if (!pause) return { expiresAt: row.expiresAt, acceptedUntil, payment };
  // A clock that was set back must not lengthen the next pause.
  const waited = Math.max(0, now - pause.since);
  const paused = Math.min(waited, MAX_PAUSE_MS - pausedMs);
  return {
    expiresAt: now + pause.left - (waited - paused),
    acceptedUntil,
    payment: { ...rest, pausedMs: pausedMs + paused },
  };
}
