// The bank of the sandbox: a Durable Object that stores charges and refunds, so that a rehearsal can audit the money
// after any crash. For demos only: nothing calls it unless PAYMENTS is "sandbox".
import { DurableObject } from "cloudflare:workers";
import { migrate } from "../migrate.ts";
import type { ChargeOutcome, PaymentRequest, RefundRequest, VoidOutcome } from "./gateway.ts";

/** One order's money at the bank. More than one charge would be money taken twice. */
export interface BankEntry {
  orderId: string;
  amount: number;
  currency: string;
  state: "tried" | "charged" | "declined" | "voided" | "refunded";
  attempts: number;
  charges: number;
  refunds: number;
}

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS entries (
  orderId TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, charges INTEGER NOT NULL, refunds INTEGER NOT NULL) WITHOUT ROWID`,
];

const COLUMNS = "orderId, amount, currency, state, attempts, charges, refunds";

const SLOW_MS = 2_000;
/** Longer than any caller waits. */
const TIMEOUT_MS = 15_000;
const PAGE_SIZE = 500;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class SandboxBank extends DurableObject<object> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    migrate(ctx.storage, MIGRATIONS);
  }

  /** The token decides the outcome. An unknown token is declined. */
  async charge({ orderId, amount, paymentToken }: PaymentRequest): Promise<ChargeOutcome> {
    const entry = this.#entry(orderId, amount);
    this.#save({ ...entry, attempts: entry.attempts + 1 });
    if (paymentToken === "tok_slow") await pause(SLOW_MS);
    if (paymentToken === "tok_error_then_ok" && entry.attempts === 0) {
      return { outcome: "unknown", cause: "the sandbox answers 500 the first time" };
    }
    const outcome = this.#decide(this.#entry(orderId, amount), paymentToken);
    if (paymentToken === "tok_timeout_but_charged" && entry.attempts === 0) await pause(TIMEOUT_MS);
    return outcome;
  }

  #decide(entry: BankEntry, token: string): ChargeOutcome {
    if (entry.state === "tried") {
      const good = ["tok_ok", "tok_slow", "tok_error_then_ok", "tok_timeout_but_charged"];
      const charged = good.includes(token);
      entry.state = charged ? "charged" : "declined";
      entry.charges += charged ? 1 : 0;
      this.#save(entry);
    }
    if (entry.charges > 0) return { outcome: "charged", chargeId: `sandbox_${entry.orderId}` };
    return { outcome: "declined", reason: entry.state === "voided" ? "voided" : "card_declined" };
  }

  void({ orderId, amount }: PaymentRequest): VoidOutcome {
    const entry = this.#entry(orderId, amount);
    if (entry.charges > 0) return { outcome: "charged", chargeId: `sandbox_${orderId}` };
    if (entry.state === "tried") this.#save({ ...entry, state: "voided" });
    return { outcome: "voided" };
  }

  refund({ orderId, amount }: RefundRequest): void {
    const entry = this.#entry(orderId, amount);
    if (entry.state !== "charged") return;
    this.#save({ ...entry, state: "refunded", refunds: entry.refunds + 1 });
  }

  /** A page of the books after `after`, in order of order ids. */
  statement(after: string): BankEntry[] {
    return [
      ...this.#sql.exec(
        `SELECT ${COLUMNS} FROM entries WHERE orderId > ? ORDER BY orderId LIMIT ?`,
        after,
        PAGE_SIZE,
      ),
    ] as unknown as BankEntry[];
  }

  #entry(orderId: string, amount: { amount: number; currency: string }): BankEntry {
    const query = `SELECT ${COLUMNS} FROM entries WHERE orderId = ?`;
    const [row] = [...this.#sql.exec(query, orderId)];
    if (row) return row as unknown as BankEntry;
    return { orderId, ...amount, state: "tried", attempts: 0, charges: 0, refunds: 0 };
  }

  #save({ orderId, amount, currency, state, attempts, charges, refunds }: BankEntry): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO entries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      orderId,
      amount,
      currency,
      state,
      attempts,
      charges,
      refunds,
    );
  }
}
