// The tables about payments that are reported to a ledger, apart from the orders: the charges of the shop's own checkout, and
// payments that are not the order's.
import type { ChargeState } from "./decide-report.ts";
import type { Run } from "./tables.ts";

/** How long a mismatch is shown: 30 days. */
const MISMATCH_LIFE_MS = 30 * 86_400_000;

/** A payment that was reported for an order and is not the order's. */
export interface Mismatch {
  orderId: string;
  /** The provider's or the shop's id of the payment. */
  reference: string;
  /** When it was last reported. ISO 8601, UTC. */
  at: string;
}

export class PaymentTables {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** What the shop's reports made of a charge. Undefined if the shop reported none, or only declines. */
  chargeOf(orderId: string, reference: string): ChargeState | undefined {
    const query = "SELECT state FROM charges WHERE order_id = ? AND reference = ?";
    return this.#run(query, orderId, reference)[0]?.state as ChargeState | undefined;
  }

  saveCharge(orderId: string, reference: string, state: ChargeState): void {
    const query = "INSERT OR REPLACE INTO charges (order_id, reference, state) VALUES (?, ?, ?)";
    this.#run(query, orderId, reference, state);
  }

  /** Up to `limit` charges whose money the shop must return. */
  refundsDue(limit: number): { orderId: string; reference: string }[] {
    const query = "SELECT order_id, reference FROM charges WHERE state = 'refund_due' LIMIT ?";
    return this.#run(query, limit).map((row) => ({
      orderId: row.order_id as string,
      reference: row.reference as string,
    }));
  }

  countRefundsDue(): number {
    return this.#run("SELECT count(*) AS n FROM charges WHERE state = 'refund_due'")[0]
      ?.n as number;
  }

  /** Records that a payment was reported for an order that is not the order's. Forgets old ones. */
  saveMismatch(orderId: string, reference: string, now: number): void {
    this.#run("DELETE FROM mismatches WHERE at <= ?", now - MISMATCH_LIFE_MS);
    const query = "INSERT OR REPLACE INTO mismatches (order_id, reference, at) VALUES (?, ?, ?)";
    this.#run(query, orderId, reference, now);
  }

  countMismatches(now: number): number {
    const query = "SELECT count(*) AS n FROM mismatches WHERE at > ?";
    return this.#run(query, now - MISMATCH_LIFE_MS)[0]?.n as number;
  }

  /** Up to `limit` mismatches, newest first. */
  mismatches(limit: number, now: number): Mismatch[] {
    const query = "SELECT * FROM mismatches WHERE at > ? ORDER BY at DESC LIMIT ?";
    return this.#run(query, now - MISMATCH_LIFE_MS, limit).map((row) => ({
      orderId: row.order_id as string,
      reference: row.reference as string,
      at: new Date(row.at as number).toISOString(),
    }));
  }
}
