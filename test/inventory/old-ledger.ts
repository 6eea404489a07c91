// Builds a ledger as the first release wrote it: its tables, rows and sale document.
import { evictDurableObject } from "cloudflare:test";
import { suppressLiveStock, unique } from "../support/shop.ts";
import { dropTables } from "../support/tables.ts";
import { anOffer } from "./commands.ts";
import { inside, stubOf } from "./object.ts";

/** The tables of the first release. `ALIASES` came later, before there were schema versions. */
const FIRST_TABLES = `
CREATE TABLE IF NOT EXISTS setup (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS restocks (key TEXT PRIMARY KEY, quantity INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
  user_id TEXT NOT NULL, order_id TEXT NOT NULL, sale_id TEXT NOT NULL, sku_id TEXT NOT NULL,
  quantity INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
  status TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  version INTEGER NOT NULL, changed_at INTEGER NOT NULL, acknowledged INTEGER NOT NULL,
  payment TEXT, reason TEXT, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL,
  PRIMARY KEY (user_id, order_id)
) WITHOUT ROWID`;
const ALIASES = `
CREATE TABLE IF NOT EXISTS aliases (
  user_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, order_id TEXT NOT NULL,
  PRIMARY KEY (user_id, key)
) WITHOUT ROWID`;

/** An order in an old ledger. By default it is reserved, unpaid and unacknowledged. */
export interface OldOrder {
  userId: string;
  orderId: string;
  at: number;
  status?: "reserved" | "confirmed";
  key?: string;
  fingerprint?: string;
  expiresAt?: number;
  acknowledged?: number;
}

/** Creates an object with `stock` units and with orders that an older release accepted. */
export async function givenOldLedger(
  stock: number,
  ordersOf: (skuId: string) => OldOrder[],
  { aliases = true, price = 100 } = {},
): Promise<{ skuId: string; orders: OldOrder[] }> {
  suppressLiveStock();
  const skuId = unique("old");
  const orders = ordersOf(skuId);
  const { item: _, ...terms } = { ...anOffer(stock, price).terms, skuId };
  const setup = { skuId, revision: 1, terms, configuredStock: stock, stocked: stock };
  await inside(skuId, (__, { storage: { sql } }) => {
    dropTables(sql);
    sql.exec(FIRST_TABLES);
    if (aliases) sql.exec(ALIASES);
    sql.exec("INSERT OR REPLACE INTO setup VALUES (1, ?)", JSON.stringify(setup));
    for (const order of orders) insert(sql, skuId, price, order);
  });
  await evictDurableObject(stubOf(skuId));
  return { skuId, orders };
}

function insert(sql: SqlStorage, skuId: string, price: number, order: OldOrder): void {
  const { userId, orderId, at, status = "reserved", key = orderId, fingerprint = "same" } = order;
  const { expiresAt = at + 10_000, acknowledged = 0 } = order;
  const payment =
    status === "confirmed" ? '{"token":"tok","state":"charged","chargeId":"c"}' : null;
  const version = status === "confirmed" ? 2 : 1;
  sql.exec(
    `INSERT OR REPLACE INTO orders VALUES (${Array(17).fill("?")})`,
    ...[userId, orderId, "sale", skuId, 1, price, "USD", status, at, expiresAt, version, at],
    ...[acknowledged, payment, null, key, fingerprint],
  );
}
