// The bank of the sandbox: a Durable Object that stores charges and refunds, so that a rehearsal can audit the money
// after any crash. For demos only: nothing calls it unless PAYMENTS is "sandbox".
import { DurableObject } from "cloudflare:workers";
import { migrate } from "../migrate.ts";
import type {
  ChargeOutcome,
  PaymentRequest,
  RefundOutcome,
  RefundRequest,
  VoidOutcome,
} from "./gateway.ts";

/** One order's money at the bank. More than one charge would be money taken twice. */
export interface BankEntry {
  orderId: string;
  amount: number;
  currency: string;
  state: "tried" | "asking" | "charged" | "declined" | "voided" | "refunded";
  /** Which of the buyer's payment methods the state is about, counted from 1. */
  method: number;
  attempts: number;
  charges: number;
  refunds: number;
  /** What the refunds returned. */
  refunded: number;
}

type StoredEntry = Omit<BankEntry, "refunded">;

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS entries (
  orderId TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, charges INTEGER NOT NULL, refunds INTEGER NOT NULL) WITHOUT ROWID`,
  "ALTER TABLE entries ADD COLUMN method INTEGER",
  `CREATE TABLE refunds (
  orderId TEXT NOT NULL, refundId TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (orderId, refundId)
) WITHOUT ROWID`,
];

const COLUMNS = "orderId, amount, currency, state, attempts, charges, refunds, method";
/** Refunds from before they were listed one by one returned everything. */
const REFUNDED = `coalesce((SELECT sum(refunds.amount) FROM refunds WHERE refunds.orderId = entries.orderId),
  CASE WHEN state = 'refunded' THEN amount ELSE 0 END) AS refunded`;

/** Tokens of good cards, some with a slow or unreliable bank. */
const GOOD = new Set(["tok_ok", "tok_slow", "tok_error_then_ok", "tok_timeout_but_charged"]);
/** The bank asks the buyer first, and takes the next charge of the same method for the answer yes, unless it is a last look. */
const ASKS = "tok_action_required";

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
  async charge(request: PaymentRequest): Promise<ChargeOutcome> {
    const { orderId, amount, paymentToken } = request;
    const entry = this.#entry(orderId, amount);
    this.#save({ ...entry, attempts: entry.attempts + 1 });
    if (paymentToken === "tok_slow") await pause(SLOW_MS);
    if (paymentToken === "tok_error_then_ok" && entry.attempts === 0) {
      return { outcome: "unknown", cause: "the sandbox answers 500 the first time" };
    }
    const outcome = this.#decide(this.#entry(orderId, amount), request);
    if (paymentToken === "tok_timeout_but_charged" && entry.attempts === 0) await pause(TIMEOUT_MS);
    return outcome;
  }

  #decide(
    entry: StoredEntry,
    { paymentToken, attempt, isLastLook }: PaymentRequest,
  ): ChargeOutcome {
    const isNew = attempt > entry.method && ["declined", "asking"].includes(entry.state);
    const isAnswer = entry.state === "asking" && attempt === entry.method && !isLastLook;
    if (entry.state === "tried" || isNew || isAnswer) {
      const isCharged = GOOD.has(paymentToken) || isAnswer;
      const isAsked = paymentToken === ASKS && !isAnswer;
      entry.state = isCharged ? "charged" : isAsked ? "asking" : "declined";
      entry.charges += isCharged ? 1 : 0;
      this.#save({ ...entry, method: attempt });
    }
    const chargeId = `sandbox_${entry.orderId}`;
    if (entry.charges > 0) return { outcome: "charged", chargeId };
    if (entry.state === "asking") {
      return { outcome: "action_required", chargeId, clientSecret: `${chargeId}_secret` };
    }
    return { outcome: "declined", reason: entry.state === "voided" ? "voided" : "card_declined" };
  }

  void({ orderId, amount }: PaymentRequest): VoidOutcome {
    const entry = this.#entry(orderId, amount);
    if (entry.charges > 0) return { outcome: "charged", chargeId: `sandbox_${orderId}` };
    if (entry.state !== "refunded") this.#save({ ...entry, state: "voided" });
    return { outcome: "voided" };
  }

  /** Returns money once for each refund id, and never more than was charged. */
  refund({ orderId, amount, refundId = "" }: RefundRequest): RefundOutcome {
    const entry = this.#entry(orderId, amount);
    const made = [
      ...this.#sql.exec("SELECT refundId, amount FROM refunds WHERE orderId = ?", orderId),
    ];
    const before = made.reduce((sum, each) => sum + (each.amount as number), 0);
    const isMade = made.some((each) => each.refundId === refundId) || entry.state === "refunded";
    const at = Date.now();
    if (isMade) return { outcome: "refunded", returned: { amount: before || entry.amount, at } };
    const returned = before + amount.amount;
    if (entry.state !== "charged" || returned > entry.amount) {
      return {
        outcome: "refund_failed",
        reason: "exceeds_what_is_left",
        returned: { amount: before, at },
      };
    }
    const record = "INSERT INTO refunds (orderId, refundId, amount) VALUES (?, ?, ?)";
    this.#sql.exec(record, orderId, refundId, amount.amount);
    const state = returned === entry.amount ? "refunded" : "charged";
    this.#save({ ...entry, state, refunds: entry.refunds + 1 });
    return { outcome: "refunded", returned: { amount: returned, at } };
  }

  /** A page of the books after `after`, in order of order ids. */
  statement(after: string): BankEntry[] {
    return [
      ...this.#sql.exec(
        `SELECT ${COLUMNS}, ${REFUNDED} FROM entries WHERE orderId > ? ORDER BY orderId LIMIT ?`,
        after,
        PAGE_SIZE,
      ),
    ] as unknown as BankEntry[];
  }

  #entry(orderId: string, amount: { amount: number; currency: string }): StoredEntry {
    const query = `SELECT ${COLUMNS} FROM entries WHERE orderId = ?`;
    const [row] = [...this.#sql.exec(query, orderId)];
    const none = { state: "tried", attempts: 0, charges: 0, refunds: 0, method: 1 } as const;
    return row
      ? ({ ...row, method: row.method ?? 1 } as StoredEntry)
      : { orderId, ...amount, ...none };
  }

  #save(entry: StoredEntry): void {
    const { orderId, amount, currency, state, attempts, charges, refunds, method } = entry;
    this.#sql.exec(
      `INSERT OR REPLACE INTO entries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      orderId,
      amount,
      currency,
      state,
      attempts,
      charges,
      refunds,
      method,
    );
  }
}
