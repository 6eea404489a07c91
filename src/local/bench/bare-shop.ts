// The object of the bare Worker: the least that can sell one free item and keep what it accepted. It counts the stock, limits
// each person to one order, answers a repeated key with its order, and sends again what nobody settled.
import { DurableObject } from "cloudflare:workers";

/** The stock of each item. More than any run takes. */
const STOCK = 1_000_000;
/** How often orders that nobody settled are sent again: milliseconds. */
const RESEND_MS = 10_000;
const MAX_BATCH = 100;

const TABLES = `
CREATE TABLE IF NOT EXISTS stock (id INTEGER PRIMARY KEY CHECK (id = 1), free INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
  userId TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, quantity INTEGER NOT NULL,
  status TEXT NOT NULL, createdAt INTEGER NOT NULL, PRIMARY KEY (userId, key)
) WITHOUT ROWID;
INSERT OR IGNORE INTO stock VALUES (1, ${STOCK})`;

export interface BareCommand {
  userId: string;
  key: string;
  quantity: number;
}

export type BareOrder = BareCommand & {
  id: string;
  status: "reserved" | "confirmed";
  createdAt: number;
};

export type BareAnswer =
  | { ok: true; isNew: boolean; order: BareOrder }
  | { ok: false; code: "idempotency_key_reused" | "user_limit_reached" | "sold_out" };

export interface BareShopEnv {
  BARE_ORDERS: Queue<BareOrder>;
}

export class BareShop extends DurableObject<BareShopEnv> {
  readonly #sql: SqlStorage;
  #isAlarmSet = false;

  constructor(ctx: DurableObjectState, env: BareShopEnv) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(TABLES);
  }

  reserve({ userId, key, quantity }: BareCommand): BareAnswer {
    const mine = this.#orders("WHERE userId = ?", userId);
    const earlier = mine.find((order) => order.key === key);
    if (earlier) {
      return earlier.quantity === quantity
        ? { ok: true, isNew: false, order: { ...earlier, status: "reserved" } }
        : { ok: false, code: "idempotency_key_reused" };
    }
    if (mine.length > 0) return { ok: false, code: "user_limit_reached" };
    const take = "UPDATE stock SET free = free - ? WHERE free >= ?";
    if (this.#sql.exec(take, quantity, quantity).rowsWritten === 0) {
      return { ok: false, code: "sold_out" };
    }
    const made = { id: crypto.randomUUID(), status: "reserved", createdAt: Date.now() } as const;
    const order: BareOrder = { userId, key, quantity, ...made };
    this.#sql.exec(
      "INSERT INTO orders (userId, key, id, quantity, status, createdAt) VALUES (?, ?, ?, ?, ?, ?)",
      ...[userId, key, order.id, quantity, order.status, order.createdAt],
    );
    if (!this.#isAlarmSet) void this.#wakeLater();
    return { ok: true, isNew: true, order };
  }

  /** Confirms orders that the consumer wrote to Redis. */
  confirm(orders: BareOrder[]): void {
    for (const { userId, key } of orders) {
      this.#sql.exec(
        "UPDATE orders SET status = 'confirmed' WHERE userId = ? AND key = ?",
        ...[userId, key],
      );
    }
  }

  /** The number of orders that are not confirmed. */
  unsettled(): number {
    return this.#orders("WHERE status = 'reserved'").length;
  }

  override async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    const due = this.#orders("WHERE status = 'reserved' AND createdAt < ?", Date.now() - RESEND_MS);
    for (let at = 0; at < due.length; at += MAX_BATCH) {
      const batch = due.slice(at, at + MAX_BATCH);
      await this.env.BARE_ORDERS.sendBatch(batch.map((body) => ({ body })));
    }
    if (this.unsettled() > 0) await this.#wakeLater();
  }

  #wakeLater(): Promise<void> {
    this.#isAlarmSet = true;
    return this.ctx.storage.setAlarm(Date.now() + RESEND_MS);
  }

  #orders(where: string, ...bindings: SqlStorageValue[]): BareOrder[] {
    const rows = this.#sql.exec(`SELECT * FROM orders ${where}`, ...bindings).toArray();
    return rows as unknown as BareOrder[];
  }
}
