// The tables of a ledger: their migrations, and how an order is written to a row and read back.
import type { Alias } from "./decide-order.ts";
import type { Item, OrderRow, OrderStatus } from "./order.ts";
import type { Dispute, Payment } from "./order-payment.ts";
import type { Returns } from "./returns.ts";
import type { Traces } from "./traces.ts";

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS setup (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS restocks (key TEXT PRIMARY KEY, quantity INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS aliases (
  user_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, order_id TEXT NOT NULL,
  PRIMARY KEY (user_id, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
  user_id TEXT NOT NULL, order_id TEXT NOT NULL, sale_id TEXT NOT NULL, sku_id TEXT NOT NULL,
  quantity INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
  status TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  version INTEGER NOT NULL, changed_at INTEGER NOT NULL, acknowledged INTEGER NOT NULL,
  payment TEXT, reason TEXT, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL,
  PRIMARY KEY (user_id, order_id)
) WITHOUT ROWID`,
  "ALTER TABLE orders ADD COLUMN item TEXT",
  "ALTER TABLE orders ADD COLUMN owed_since INTEGER",
  "ALTER TABLE orders ADD COLUMN accepted_until INTEGER",
  `CREATE TABLE charges (
  order_id TEXT NOT NULL, reference TEXT NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (order_id, reference)
) WITHOUT ROWID;
CREATE INDEX refunds_due ON charges (order_id) WHERE state = 'refund_due'`,
  "ALTER TABLE orders ADD COLUMN returns TEXT; ALTER TABLE orders ADD COLUMN dispute TEXT",
  `CREATE TABLE mismatches (
  order_id TEXT NOT NULL, reference TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (order_id, reference)
) WITHOUT ROWID`,
  "ALTER TABLE orders ADD COLUMN traces TEXT",
  "ALTER TABLE orders ADD COLUMN counted INTEGER",
  // Releases from before the tallies do not set `edits`. What they write makes the tallies wrong, so it empties them.
  `CREATE TABLE tallies (
  id INTEGER PRIMARY KEY, orders TEXT NOT NULL, units TEXT NOT NULL, buyers INTEGER NOT NULL
);
CREATE TABLE sampled (id INTEGER PRIMARY KEY CHECK (id = 1), user_id TEXT NOT NULL, order_id TEXT NOT NULL);
ALTER TABLE orders ADD COLUMN edits INTEGER;
CREATE TRIGGER untallied_order AFTER INSERT ON orders WHEN NEW.edits IS NULL
BEGIN DELETE FROM tallies; END;
CREATE TRIGGER untallied_change AFTER UPDATE ON orders WHEN NEW.edits IS OLD.edits
BEGIN DELETE FROM tallies; END`,
];

/**
 * Finds an order without its owner. Not a migration: only refunds and reports of a shop's checkout need it. It costs one
 * more written row for each new order from then on.
 */
export const INDEX_ORDERS_BY_ID = "CREATE INDEX IF NOT EXISTS orders_by_id ON orders (order_id)";

export type SqlRow = Record<string, SqlStorageValue>;

/** Runs a query and counts its rows. */
export type Run = (query: string, ...bindings: SqlStorageValue[]) => SqlRow[];

/** Reads the orders that match a condition. */
export type ReadOrders = (where: string, ...bindings: SqlStorageValue[]) => OrderRow[];

const KEY_COLUMNS = ["user_id", "order_id"] as const;
const OTHER_COLUMNS = [
  "sale_id",
  "sku_id",
  "quantity",
  "amount",
  "currency",
  "status",
  "created_at",
  "expires_at",
  "version",
  "changed_at",
  "acknowledged",
  "payment",
  "reason",
  "idempotency_key",
  "fingerprint",
  "item",
  "owed_since",
  "accepted_until",
  "returns",
  "dispute",
  "traces",
  "counted",
] as const;
const COLUMNS = [...KEY_COLUMNS, ...OTHER_COLUMNS] as const;

export const SELECT_ORDERS = `SELECT ${COLUMNS.join(", ")} FROM orders`;

/** Part of every change of an order, so that it does not empty the tallies. */
const COUNT_EDIT = "edits = coalesce(orders.edits, 0) + 1";

/** An upsert, so that columns added by a newer release keep their values. */
export const WRITE_ORDER = `INSERT INTO orders (${COLUMNS.join(", ")}, edits)
  VALUES (${COLUMNS.map(() => "?").join(", ")}, 1)
  ON CONFLICT (${KEY_COLUMNS.join(", ")})
  DO UPDATE SET ${OTHER_COLUMNS.map((name) => `${name} = excluded.${name}`).join(", ")}, ${COUNT_EDIT}`;

/** Deletes the traces of a sale's orders in a range of keys: `(sale_id, first user, first order, last user, last order)`. */
export const FORGET_TRACES = `UPDATE orders SET traces = NULL, ${COUNT_EDIT}
  WHERE sale_id = ? AND traces IS NOT NULL AND (user_id, order_id) >= (?, ?) AND (user_id, order_id) <= (?, ?)`;

/** The bindings of `WRITE_ORDER`. */
export function bindingsOf(row: OrderRow): SqlStorageValue[] {
  const values: Record<(typeof COLUMNS)[number], SqlStorageValue> = {
    user_id: row.userId,
    order_id: row.orderId,
    sale_id: row.saleId,
    sku_id: row.skuId,
    quantity: row.quantity,
    amount: row.unitPrice.amount,
    currency: row.unitPrice.currency,
    status: row.status,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    version: row.version,
    changed_at: row.changedAt,
    acknowledged: row.acknowledged,
    payment: row.payment && JSON.stringify(row.payment),
    reason: row.reason,
    idempotency_key: row.idempotencyKey,
    fingerprint: row.fingerprint,
    item: row.item && JSON.stringify(row.item),
    owed_since: row.owedSince,
    accepted_until: row.acceptedUntil,
    returns: row.returns && JSON.stringify(row.returns),
    dispute: row.dispute && JSON.stringify(row.dispute),
    traces: row.traces && JSON.stringify(row.traces),
    counted: row.counted,
  };
  return COLUMNS.map((name) => values[name]);
}

export function toOrderRow(row: SqlRow): OrderRow {
  return {
    userId: row.user_id as string,
    orderId: row.order_id as string,
    saleId: row.sale_id as string,
    skuId: row.sku_id as string,
    quantity: row.quantity as number,
    unitPrice: { amount: row.amount as number, currency: row.currency as string },
    status: row.status as OrderStatus,
    createdAt: row.created_at as number,
    expiresAt: row.expires_at as number,
    version: row.version as number,
    changedAt: row.changed_at as number,
    acknowledged: row.acknowledged as number,
    payment: parsed<Payment>(row.payment),
    reason: row.reason as string | null,
    idempotencyKey: row.idempotency_key as string,
    fingerprint: row.fingerprint as string,
    item: parsed<Item>(row.item),
    owedSince: (row.owed_since as number | null | undefined) ?? null,
    acceptedUntil: (row.accepted_until as number | null | undefined) ?? null,
    returns: parsed<Returns>(row.returns),
    dispute: parsed<Dispute>(row.dispute),
    traces: parsed<Traces>(row.traces),
    counted: (row.counted as number | null | undefined) ?? null,
  };
}

const parsed = <T>(text: SqlStorageValue | undefined): T | null =>
  typeof text === "string" ? (JSON.parse(text) as T) : null;

export const toAlias = (row: SqlRow): Alias => ({
  key: row.key as string,
  fingerprint: row.fingerprint as string,
  orderId: row.order_id as string,
});
