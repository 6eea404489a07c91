// The tables inside a SKU's object, and what is kept in memory of them. Every order is one row of one
// b-tree (no secondary index), so each change of an order costs one written row; counters, holds and
// the outbox are rebuilt from the rows when the object wakes.
import TinyQueue from "tinyqueue";
import { Buyers } from "./buyers.ts";
import type { Alias, Stock } from "./decide-order.ts";
import type { Setup } from "./decide-stock.ts";
import type { OrderRow, OrderStatus } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { resendSchedule } from "./outbox.ts";
import { nextDelivery, type OwedEvent } from "./owed-events.ts";
import { migrate } from "./schema.ts";
import {
  bindingsOf,
  MIGRATIONS,
  SELECT_ORDERS,
  type SqlRow,
  toAlias,
  toOrderRow,
  WRITE_ORDER,
} from "./tables.ts";

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
  /** By order id: what the shop is owed news of. */
  readonly owed = new Map<string, OwedEvent>();
  readonly #holds = new TinyQueue<Hold>([], (a, b) => a.expiresAt - b.expiresAt);
  readonly #units: Record<OrderStatus, number> = {
    reserved: 0,
    confirmed: 0,
    cancelled: 0,
    expired: 0,
    refunded: 0,
  };
  /** Everyone who ever had an order here. */
  readonly buyers = new Buyers();
  #setup: Setup | null = null;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">) {
    this.#sql = storage.sql;
    this.#count(migrate(storage, MIGRATIONS));
    const [stored] = this.#run("SELECT document FROM setup");
    if (stored) this.#setup = JSON.parse(stored.document as string);
    // What is unacknowledged when the object wakes may never have been sent: due at once.
    const all = this.#sql.exec(SELECT_ORDERS);
    for (const row of all) this.#track(undefined, this.#toRow(row), 0);
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
    return this.buyers.size > 0;
  }

  saveSetup(setup: Setup): void {
    this.#run("INSERT OR REPLACE INTO setup (id, document) VALUES (1, ?)", JSON.stringify(setup));
    this.#setup = setup;
  }

  /** The quantity a restock key was used for, if it was. Today the registry keeps the keys. */
  restockOf(key: string): number | undefined {
    return this.#run("SELECT quantity FROM restocks WHERE key = ?", key)[0]?.quantity as
      | number
      | undefined;
  }

  /** All orders of one user: one range of the b-tree, and nothing for who never had one. */
  ordersOf(userId: string): OrderRow[] {
    if (!this.buyers.mayHave(userId)) return [];
    return this.#orders("WHERE user_id = ?", userId);
  }

  /** The keys of one user that stand for orders made under other keys. */
  aliasesOf(userId: string): Alias[] {
    const columns = "key, fingerprint, order_id";
    return this.#run(`SELECT ${columns} FROM aliases WHERE user_id = ?`, userId).map(toAlias);
  }

  saveAlias(userId: string, { key, fingerprint, orderId }: Alias): void {
    this.#run(
      "INSERT INTO aliases (user_id, key, fingerprint, order_id) VALUES (?, ?, ?, ?)",
      userId,
      key,
      fingerprint,
      orderId,
    );
  }

  order({ userId, orderId }: OrderRef): OrderRow | undefined {
    return this.#orders("WHERE user_id = ? AND order_id = ?", userId, orderId)[0];
  }

  /** A page of all orders after `cursor`, in key order. */
  page(cursor: OrderRef | undefined, limit: number): OrderRow[] {
    return this.#orders(
      "WHERE (user_id, order_id) > (?, ?) ORDER BY user_id, order_id LIMIT ?",
      cursor?.userId ?? "",
      cursor?.orderId ?? "",
      limit,
    );
  }

  /** Random orders whose newest version is acknowledged, and so must be in the read model. */
  sample(limit: number): OrderRow[] {
    return this.#orders("WHERE acknowledged = version ORDER BY random() LIMIT ?", limit);
  }

  /**
   * Writes an order, new (`before` undefined) or changed, and keeps counters and indexes in step.
   * Returns its entry among the unacknowledged, if it is one now.
   */
  save(before: OrderRow | undefined, row: OrderRow): Unacknowledged | undefined {
    this.#run(WRITE_ORDER, ...bindingsOf(row));
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
    if (!before) this.buyers.add(row.userId);
    if (row.status === "reserved" && row.unitPrice.amount > 0 && !before) {
      this.#holds.push({ userId: row.userId, orderId: row.orderId, expiresAt: row.expiresAt });
    }
    this.#trackOwed(row);
    if (row.acknowledged >= row.version) this.unacknowledged.delete(row.orderId);
    else {
      const { userId, orderId, version, changedAt } = row;
      this.unacknowledged.set(orderId, { userId, orderId, version, changedAt, dueAt });
    }
  }

  #trackOwed({ userId, orderId, owedSince: since }: OrderRow): void {
    if (since === null) this.owed.delete(orderId);
    else this.owed.set(orderId, { userId, orderId, since, dueAt: nextDelivery(since, Date.now()) });
  }

  #orders(where: string, ...bindings: SqlStorageValue[]): OrderRow[] {
    return this.#run(`${SELECT_ORDERS} ${where}`, ...bindings).map((row) => this.#toRow(row));
  }

  /** An order from before orders kept their words borrows those of its sale, while that is on. */
  #toRow(stored: SqlRow): OrderRow {
    const row = toOrderRow(stored);
    const terms = this.#setup?.terms;
    if (row.item || terms?.saleId !== row.saleId) return row;
    return { ...row, item: terms.item ?? null };
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
