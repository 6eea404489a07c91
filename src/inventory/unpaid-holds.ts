// Against holding units that one never pays for: after two holds of a SKU that ended unpaid, a person must bring
// the payment with the order. Where an order cannot bring one, they wait, each time twice as long. Pure.
import type { Terms } from "./decide-order.ts";
import type { OrderRow } from "./order.ts";

/** So many may end unpaid before more is asked: a card that is not at hand, a change of mind. */
const FREE_TRIES = 2;
const MAX_WAIT_MS = 86_400_000;

/** What is asked of somebody who let holds end unpaid; absent when the order brings its payment. */
export type AfterUnpaidHolds = "pay" | "wait";

export type UnpaidRefusal =
  | { ok: false; reason: "payment_method_required" }
  | { ok: false; reason: "rate_limited"; retryAfterSeconds: number };

/** Money came for these, so they are no unpaid holds, whatever became of the order. */
const PAID: ReadonlySet<string | undefined> = new Set(["charged", "refund_due", "refunded"]);

/**
 * How much of an ended hold counts: all of it if no payment was ever given; else the part before it was, so
 * that a bad card at the last moment is no way around. From then on it is our delay, or the card's fault.
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
 * Why one more hold is refused at `now` to the owner of these orders; undefined when it is not. A free order
 * brings no payment, so giving it back again and again leads to a wait, too.
 */
export function refuseUnpaid(
  mine: OrderRow[],
  { unitPrice, holdSeconds }: Pick<Terms, "unitPrice" | "holdSeconds">,
  asked: AfterUnpaidHolds | undefined,
  now: number,
): UnpaidRefusal | undefined {
  const rule = unitPrice.amount === 0 ? "wait" : asked;
  const unpaid = mine.filter((row) => unpaidShare(row) > 0);
  const tries = Math.floor(unpaid.reduce((sum, row) => sum + unpaidShare(row), 0));
  if (tries < FREE_TRIES || !rule) return undefined;
  if (rule === "pay") return { ok: false, reason: "payment_method_required" };
  const wait = Math.min(MAX_WAIT_MS, holdSeconds * 1_000 * 2 ** (tries - FREE_TRIES));
  // An end that lies ahead is from before a clock was set back.
  const left = Math.min(wait, Math.max(...unpaid.map(endOf)) + wait - now);
  if (left <= 0) return undefined;
  return { ok: false, reason: "rate_limited", retryAfterSeconds: Math.ceil(left / 1_000) };
}
