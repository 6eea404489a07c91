// The tables inside a SKU's object, and what is kept in memory of them. Every order is one row of one
// b-tree (no secondary index), so each change of an order costs one written row; counters, holds and
// the outbox are rebuilt from the rows when the object wakes.
import TinyQueue from "tinyqueue";
import { BuyerFilter, buyerHash, MAX_TOLD_BUYERS } from "./buyers.ts";
import type { Alias, Stock } from "./decide-order.ts";
import type { Setup } from "./decide-stock.ts";
import type { OrderRow, OrderStatus, Payment } from "./order.ts";
import { resendSchedule } from "./outbox.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS setup (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL);
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
) WITHOUT ROWID`;

const COLUMNS = 17;
const WRITE_ORDER = `INSERT OR REPLACE INTO orders VALUES (${Array(COLUMNS).fill("?")})`;

type SqlRow = Record<string, SqlStorageValue>;

/** Which order, as the outbox, the queue and the consumer name it. */
export interface OrderRef {
  userId: string;
  orderId: string;
}

/** An order whose newest version the consumer has not acknowledged yet. */
export interface Unacknowledged extends OrderRef {
  version: number;
  changedAt: number;
  /** When it is sent again, unless it is acknowledged first. */
  dueAt: number;
}

interface Hold extends OrderRef {
  expiresAt: number;
}

/** Rows read and written since the object woke: what Cloudflare bills, for operators and the bench. */
export interface RowCount {
  rowsRead: number;
  rowsWritten: number;
}

export class Ledger {
  readonly #sql: SqlStorage;
  readonly rows: RowCount = { rowsRead: 0, rowsWritten: 0 };
  readonly unacknowledged = new Map<string, Unacknowledged>();
  readonly #holds = new TinyQueue<Hold>([], (a, b) => a.expiresAt - b.expiresAt);
  readonly #units: Record<OrderStatus, number> = {
    reserved: 0,
    confirmed: 0,
    cancelled: 0,
    expired: 0,
    refunded: 0,
  };
  /** Everyone who ever had an order here, hashed (see `buyers.ts`). */
  readonly #buyers = new Set<number>();
  #told: { size: number; text: string } | undefined;
  #setup: Setup | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#run(SCHEMA);
    const [stored] = this.#run("SELECT document FROM setup");
    if (stored) this.#setup = JSON.parse(stored.document as string);
    // What is unacknowledged when the object wakes may never have been sent: due at once.
    const all = this.#sql.exec("SELECT * FROM orders");
    for (const row of all) this.#track(undefined, toRow(row), 0);
    this.#count(all);
  }

  get setup(): Setup | null {
    return this.#setup;
  }

  get stock(): Stock {
    const { reserved: held, confirmed: sold } = this.#units;
    return { stocked: this.#setup?.stocked ?? 0, held, sold };
  }

  /** Units by the status of their orders. */
  get units(): Readonly<Record<OrderStatus, number>> {
    return this.#units;
  }

  /** Whether an order was ever accepted here. */
  get everSold(): boolean {
    return this.#buyers.size > 0;
  }

  /** Who may have an order here, as edges are told; undefined when there are too many to tell. */
  get toldBuyers(): string | undefined {
    const { size } = this.#buyers;
    if (size > MAX_TOLD_BUYERS) return undefined;
    if (this.#told?.size !== size) {
      this.#told = { size, text: String(BuyerFilter.of(this.#buyers)) };
    }
    return this.#told.text;
  }

  saveSetup(setup: Setup): void {
    this.#run("INSERT OR REPLACE INTO setup VALUES (1, ?)", JSON.stringify(setup));
    this.#setup = setup;
  }

  /** The quantity a restock key was used for, if it was. */
  restockOf(key: string): number | undefined {
    return this.#run("SELECT quantity FROM restocks WHERE key = ?", key)[0]?.quantity as
      | number
      | undefined;
  }

  saveRestock(key: string, quantity: number): void {
    this.#run("INSERT INTO restocks VALUES (?, ?)", key, quantity);
  }

  /** All orders of one user: one range of the b-tree, and nothing for who never had one. */
  ordersOf(userId: string): OrderRow[] {
    if (!this.#buyers.has(buyerHash(userId))) return [];
    return this.#run("SELECT * FROM orders WHERE user_id = ?", userId).map(toRow);
  }

  /** The keys of one user that stand for orders made under other keys. */
  aliasesOf(userId: string): Alias[] {
    return this.#run("SELECT * FROM aliases WHERE user_id = ?", userId).map((row) => ({
      key: row.key as string,
      fingerprint: row.fingerprint as string,
      orderId: row.order_id as string,
    }));
  }

  saveAlias(userId: string, { key, fingerprint, orderId }: Alias): void {
    this.#run("INSERT INTO aliases VALUES (?, ?, ?, ?)", userId, key, fingerprint, orderId);
  }

  order({ userId, orderId }: OrderRef): OrderRow | undefined {
    const [row] = this.#run(
      "SELECT * FROM orders WHERE user_id = ? AND order_id = ?",
      userId,
      orderId,
    );
    return row && toRow(row);
  }

  /** A page of all orders after `cursor`, in key order. */
  page(cursor: OrderRef | undefined, limit: number): OrderRow[] {
    return this.#run(
      "SELECT * FROM orders WHERE (user_id, order_id) > (?, ?) ORDER BY user_id, order_id LIMIT ?",
      cursor?.userId ?? "",
      cursor?.orderId ?? "",
      limit,
    ).map(toRow);
  }

  /** Random orders whose newest version is acknowledged, and so must be in the read model. */
  sample(limit: number): OrderRow[] {
    return this.#run(
      "SELECT * FROM orders WHERE acknowledged = version ORDER BY random() LIMIT ?",
      limit,
    ).map(toRow);
  }

  /**
   * Writes an order, new (`before` undefined) or changed, and keeps counters and indexes in step.
   * Returns its entry among the unacknowledged, if it is one now.
   */
  save(before: OrderRow | undefined, row: OrderRow): Unacknowledged | undefined {
    this.#run(WRITE_ORDER, ...fromRow(row));
    this.#track(before, row, resendSchedule(row.changedAt, row.changedAt).dueAt);
    return this.unacknowledged.get(row.orderId);
  }

  /** The earliest end of a hold, if any is running. May name an order that has moved on since. */
  get nextHoldEnd(): number | undefined {
    return this.#holds.peek()?.expiresAt;
  }

  /** Takes up to `limit` holds that ended by `now` off the queue. */
  takeEndedHolds(now: number, limit: number): OrderRef[] {
    const ended: OrderRef[] = [];
    while (ended.length < limit && (this.nextHoldEnd ?? Number.POSITIVE_INFINITY) <= now) {
      ended.push(this.#holds.pop() as Hold);
    }
    return ended;
  }

  #track(before: OrderRow | undefined, row: OrderRow, dueAt: number): void {
    if (before) this.#units[before.status] -= before.quantity;
    this.#units[row.status] += row.quantity;
    if (!before) this.#buyers.add(buyerHash(row.userId));
    if (row.status === "reserved" && row.unitPrice.amount > 0 && !before) {
      this.#holds.push({ userId: row.userId, orderId: row.orderId, expiresAt: row.expiresAt });
    }
    if (row.acknowledged >= row.version) this.unacknowledged.delete(row.orderId);
    else {
      const { userId, orderId, version, changedAt } = row;
      this.unacknowledged.set(orderId, { userId, orderId, version, changedAt, dueAt });
    }
  }

  #run(query: string, ...bindings: SqlStorageValue[]): SqlRow[] {
    const cursor = this.#sql.exec(query, ...bindings);
    const rows = cursor.toArray();
    this.#count(cursor);
    return rows;
  }

  #count({ rowsRead, rowsWritten }: RowCount): void {
    this.rows.rowsRead += rowsRead;
    this.rows.rowsWritten += rowsWritten;
  }
}

function toRow(row: SqlRow): OrderRow {
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
    payment: row.payment === null ? null : (JSON.parse(row.payment as string) as Payment),
    reason: row.reason as string | null,
    idempotencyKey: row.idempotency_key as string,
    fingerprint: row.fingerprint as string,
  };
}

function fromRow(row: OrderRow): SqlStorageValue[] {
  return [
    row.userId,
    row.orderId,
    row.saleId,
    row.skuId,
    row.quantity,
    row.unitPrice.amount,
    row.unitPrice.currency,
    row.status,
    row.createdAt,
    row.expiresAt,
    row.version,
    row.changedAt,
    row.acknowledged,
    row.payment && JSON.stringify(row.payment),
    row.reason,
    row.idempotencyKey,
    row.fingerprint,
  ];
}
