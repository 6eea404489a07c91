// Whether the money agrees with the orders. What was charged follows from the payments, what should be kept from the statuses,
// and both must be equal. Pure.
import type { AuditedOrder } from "../../inventory/audit.ts";

/** Payments whose money was taken at some time. */
const TAKEN: ReadonlySet<AuditedOrder["payment"]> = new Set([
  "charged",
  "refund_due",
  "refund_failed",
  "refunded",
]);
/** Payments whose result is not known yet. */
const UNDECIDED: ReadonlySet<AuditedOrder["payment"]> = new Set([
  "due",
  "processing",
  "action_required",
]);
const MAX_SHOWN = 50;

/** The money of one currency, in minor units. If it agrees: `charged = refunded + sold + toReturn`. */
export interface CurrencyTotals {
  currency: string;
  charged: number;
  refunded: number;
  /** The value of confirmed orders, less what was refunded of them. */
  sold: number;
  /** Money of orders that were not confirmed, which is still to be returned. */
  toReturn: number;
}

export interface MoneyFacts {
  totals: CurrencyTotals[];
  /** Orders whose payment contradicts their status: the first 50, and how many there are. */
  faults: { orderId: string; fault: string }[];
  faultCount: number;
  /** Orders whose payment or refund is under way. */
  open: number;
}

/** Why the payment of an order contradicts its status. Undefined if it does not. */
export function faultOf({ status, payment, total, refunded }: AuditedOrder): string | undefined {
  if (payment === "refund_failed") return "the refund failed";
  if (refunded > total) return "more was refunded than paid";
  if (status === "confirmed" && total > 0 && !TAKEN.has(payment)) {
    return "is confirmed, but was not charged";
  }
  // A refund that a bank returned can be under way again.
  if (status === "refunded" && total > refunded && payment !== "refund_due") {
    return "is refunded, but not all of its money";
  }
  const isEnded = status === "cancelled" || status === "expired";
  if (isEnded && payment === "charged") return `is ${status}, but its money was kept`;
  return undefined;
}

export class MoneyTally {
  readonly #totals = new Map<string, CurrencyTotals>();
  readonly #faults: MoneyFacts["faults"] = [];
  #faultCount = 0;
  #open = 0;

  add(order: AuditedOrder): void {
    const { orderId, currency, status, payment, total, refunded } = order;
    const totals = this.#totals.get(currency) ?? emptyTotals(currency);
    this.#totals.set(currency, totals);
    totals.refunded += refunded;
    if (TAKEN.has(payment)) totals.charged += total;
    if (status === "confirmed") totals.sold += total - refunded;
    else if (payment === "refund_due" || payment === "refund_failed") {
      totals.toReturn += total - refunded;
    }
    if (payment === "refund_due" || UNDECIDED.has(payment)) this.#open += 1;
    const fault = faultOf(order);
    if (fault === undefined) return;
    this.#faultCount += 1;
    if (this.#faults.length < MAX_SHOWN) this.#faults.push({ orderId, fault });
  }

  facts(): MoneyFacts {
    return {
      totals: [...this.#totals.values()],
      faults: this.#faults,
      faultCount: this.#faultCount,
      open: this.#open,
    };
  }
}

const emptyTotals = (currency: string): CurrencyTotals => ({
  currency,
  charged: 0,
  refunded: 0,
  sold: 0,
  toReturn: 0,
});

/** Whether what was charged is what was refunded, sold, or is to be returned. */
export const agrees = ({ charged, refunded, sold, toReturn }: CurrencyTotals): boolean =>
  charged === refunded + sold + toReturn;
