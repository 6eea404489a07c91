// Limits repeated holds that are never paid. After two unpaid holds of a SKU, the next order must come with its
// payment. Where an order cannot carry a payment, the buyer waits instead, twice as long each time. Pure.
import type { Terms } from "./decide-order.ts";
import type { OrderRow } from "./order.ts";

/** Unpaid holds without a consequence, because any buyer may change their mind. */
const FREE_TRIES = 2;
const MAX_WAIT_MS = 86_400_000;

/** What a buyer must do after unpaid holds. */
export type AfterUnpaidHolds = "pay" | "wait";

export type UnpaidRefusal =
  | { ok: false; reason: "payment_method_required" }
  | { ok: false; reason: "rate_limited"; retryAfterSeconds: number };

/** Payment states of orders that were paid, even if refunded later. */
const PAID: ReadonlySet<string | undefined> = new Set(["charged", "refund_due", "refunded"]);

/**
 * The share of an ended hold that counts as unpaid. All of it if no payment method was given, otherwise the part
 * before it was given, so that a bad card at the last moment is no loophole. The rest is our own delay.
 */
function unpaidShare({ status, payment, createdAt, expiresAt }: OrderRow): number {
  if ((status !== "expired" && status !== "cancelled") || PAID.has(payment?.state)) return 0;
  if (!payment) return 1;
  const share = ((payment.givenAt ?? createdAt) - createdAt) / (expiresAt - createdAt);
  return Math.min(1, Math.max(0, share));
}

const endOf = ({ status, expiresAt, changedAt }: OrderRow): number =>
  status === "expired" ? expiresAt : changedAt;

/**
 * Returns why the owner of these orders gets no further hold at `now`, or undefined if they may have one. A free
 * order carries no payment, so repeatedly cancelling free orders leads to a wait as well.
 */
export function refuseUnpaid(
  mine: OrderRow[],
  { unitPrice, holdSeconds }: Pick<Terms, "unitPrice" | "holdSeconds">,
  demand: AfterUnpaidHolds | undefined,
  now: number,
): UnpaidRefusal | undefined {
  const rule = unitPrice.amount === 0 ? "wait" : demand;
  const unpaid = mine.filter((row) => unpaidShare(row) > 0);
  const tries = Math.floor(unpaid.reduce((sum, row) => sum + unpaidShare(row), 0));
  if (tries < FREE_TRIES || !rule) return undefined;
  if (rule === "pay") return { ok: false, reason: "payment_method_required" };
  const wait = Math.min(MAX_WAIT_MS, holdSeconds * 1_000 * 2 ** (tries - FREE_TRIES));
  // An end in the future means that a clock was set back.
  const left = Math.min(wait, Math.max(...unpaid.map(endOf)) + wait - now);
  if (left <= 0) return undefined;
  return { ok: false, reason: "rate_limited", retryAfterSeconds: Math.ceil(left / 1_000) };
}
