// Limits repeated holds that are never paid. After two unpaid holds of a SKU, the next order must come with its
// payment. Where an order cannot carry a payment, the buyer waits instead, twice as long each time. Pure.
import type { Terms } from "./decide-order.ts";
import type { OrderRow } from "./order.ts";

/** Unpaid holds without a consequence, because any buyer may change their mind. */
const FREE_TRIES = 2;
const MAX_WAIT_MS = 86_400_000;

/** The demand on a buyer after unpaid holds. */
export type AfterUnpaidHolds = "pay" | "wait";

export type UnpaidRefusal =
  | { ok: false; reason: "payment_method_required" }
  | { ok: false; reason: "rate_limited"; retryAfterSeconds: number };

/** Payment states of orders that were paid, even if refunded later. */
const PAID: ReadonlySet<string | undefined> = new Set([
  "charged",
  "refund_due",
  "refund_failed",
  "refunded",
]);

/**
 * The share of a hold that ended unpaid, without the time that its clock stood still: that was our own delay. All of it
 * if no payment method was given, so that a bad card at the last moment is no loophole. None if the operator released it.
 */
function unpaidShare(row: OrderRow, holdMs: number): number {
  const { status, payment, createdAt } = row;
  if ((status !== "expired" && status !== "cancelled") || PAID.has(payment?.state)) return 0;
  if (row.reason === "operator") return 0;
  if (!payment) return 1;
  const { pause, pausedMs, givenAt = createdAt } = payment;
  // Payments from before the clock stood still count until the method was given.
  const until = pause?.since ?? (pausedMs === undefined ? givenAt : endOf(row));
  return Math.min(1, Math.max(0, (until - createdAt - (pausedMs ?? 0)) / holdMs));
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
  const holdMs = holdSeconds * 1_000;
  const unpaid = mine.filter((row) => unpaidShare(row, holdMs) > 0);
  const triesOf = (rows: OrderRow[]) =>
    Math.floor(rows.reduce((sum, row) => sum + unpaidShare(row, holdMs), 0));
  const tries = triesOf(unpaid);
  // A payment that comes with the order proves nothing after holds that ended with declined ones.
  const isProven = triesOf(unpaid.filter(({ payment }) => payment)) < FREE_TRIES;
  const rule = unitPrice.amount === 0 || !isProven ? "wait" : demand;
  if (tries < FREE_TRIES || !rule) return undefined;
  if (rule === "pay") return { ok: false, reason: "payment_method_required" };
  const wait = Math.min(MAX_WAIT_MS, holdMs * 2 ** (tries - FREE_TRIES));
  // An end in the future means that a clock was set back.
  const left = Math.min(wait, Math.max(...unpaid.map(endOf)) + wait - now);
  if (left <= 0) return undefined;
  return { ok: false, reason: "rate_limited", retryAfterSeconds: Math.ceil(left / 1_000) };
}
