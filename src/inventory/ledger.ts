// The tables inside a SKU's object. Each order is one row of one B-tree, so a change of an order costs one written row.
// There is no secondary index, except where the shop's own checkout looks orders up by their id alone.

import { migrate } from "../migrate.ts";
import { isUncounted } from "./allowance/counted-order.ts";
import type { Alias, Stock } from "./decide-order.ts";
import { limitedSale, type Setup } from "./decide-stock.ts";
import { LedgerIndex, type Unacknowledged } from "./ledger-index.ts";
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { resendSchedule } from "./outbox.ts";
import { PaymentTables } from "./payment-tables.ts";
import {
  bindingsOf,
  FORGET_TRACES,
  INDEX_ORDERS_BY_ID,
  MIGRATIONS,
  SELECT_ORDERS,
  type SqlRow,
  toAlias,
  toOrderRow,
  WRITE_ORDER,
} from "./tables.ts";

/** Rows read and written since the object woke: what Cloudflare bills, for operators and the bench. */
export interface RowCount {
  rowsRead: number;
  rowsWritten: number;
}

export class Ledger {
  readonly #sql: SqlStorage;
  readonly rows: RowCount = { rowsRead: 0, rowsWritten: 0 };
  readonly index = new LedgerIndex();
  readonly payments = new PaymentTables((query, ...bindings) => this.#run(query, ...bindings));
  #setup: Setup | null = null;
  #isIndexed = false;
  /** Counted units, by order id, that the order's next write stores. */
  readonly #counted = new Map<string, number>();

  constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">) {
    this.#sql = storage.sql;
    this.#count(migrate(storage, MIGRATIONS));
    const [stored] = this.#run("SELECT document FROM setup");
    if (stored) this.#setup = JSON.parse(stored.document as string);
    // Until all orders of the sale are counted, `SkuInventory.countOrders` goes through them page by page.
    this.index.limitedSale = this.#setup?.countedSale;
    // An order that is unacknowledged when the object wakes may never have been sent: it is due at once.
    const all = this.#sql.exec(SELECT_ORDERS);
    for (const row of all) this.index.track(undefined, this.#toRow(row), 0);
    this.#count(all);
    this.index.limitedSale = this.#setup ? limitedSale(this.#setup) : undefined;
  }

  get setup(): Setup | null {
    return this.#setup;
  }

  get stock(): Stock {
    const { reserved: held, confirmed: sold } = this.index.units;
    return { stocked: this.#setup?.stocked ?? 0, held, sold };
  }

  /** Whether an order was ever accepted here. */
  get everSold(): boolean {
    return this.index.buyers.size > 0;
  }

  saveSetup(setup: Setup): void {
    this.#run("INSERT OR REPLACE INTO setup (id, document) VALUES (1, ?)", JSON.stringify(setup));
    this.#setup = setup;
    this.index.limitedSale = limitedSale(setup);
  }

  /** The quantity a restock key was used for, if any. Newer keys are stored in the registry. */
  restockOf(key: string): number | undefined {
    return this.#run("SELECT quantity FROM restocks WHERE key = ?", key)[0]?.quantity as
      | number
      | undefined;
  }

  /** All orders of one user: one range of the B-tree. Reads nothing for a user without orders. */
  ordersOf(userId: string): OrderRow[] {
    if (!this.index.buyers.mayHave(userId)) return [];
    return this.#orders("WHERE user_id = ?", userId);
  }

  /** The idempotency keys of one user that map to orders made under other keys. */
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

  /** The owner of an order. For frequent callers that are not its buyer: the first call creates an index. */
  ownerOf(orderId: string): string | undefined {
    if (!this.#isIndexed) this.#run(INDEX_ORDERS_BY_ID);
    this.#isIndexed = true;
    return this.findOwner(orderId);
  }

  /** The same for rare callers. Without the index it reads all keys, but makes no further order more expensive. */
  findOwner(orderId: string): string | undefined {
    const [row] = this.#run("SELECT user_id FROM orders WHERE order_id = ?", orderId);
    return row?.user_id as string | undefined;
  }

  /** Orders whose ids start like this: up to `limit`. Reads as much as `findOwner`. */
  startingWith(prefix: string, limit: number): OrderRow[] {
    const end = `${prefix}~`; // after every symbol of an id
    return this.#orders("WHERE order_id > ? AND order_id < ? LIMIT ?", prefix, end, limit);
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
   * Writes an order that is new (`before` undefined) or changed, and updates the index. Returns its entry
   * among the unacknowledged orders, if it has one.
   */
  save(before: OrderRow | undefined, order: OrderRow): Unacknowledged | undefined {
    const row = this.#withCounted(order);
    this.#counted.delete(row.orderId);
    this.#run(WRITE_ORDER, ...bindingsOf(row));
    this.index.track(before, row, resendSchedule(row.changedAt, row.changedAt).dueAt);
    return this.index.unacknowledged.get(row.orderId);
  }

  /** The order of a user that was made under this key. */
  orderOfKey(userId: string, key: string): OrderRow | undefined {
    return this.ordersOf(userId).find(({ idempotencyKey }) => idempotencyKey === key);
  }

  /**
   * Records what the sale's limit per person counts for an order. Written with the next change of the row, so that an order
   * costs no further row, or now if none is to come. Until then, an object that wakes reports the order again.
   */
  markCounted(ref: OrderRef, units: number): void {
    this.#counted.set(ref.orderId, units);
    const row = this.order(ref);
    if (!row) return;
    if (row.acknowledged >= row.version) this.save(row, row);
    else if (!isUncounted(row, this.index.limitedSale)) this.index.uncounted.delete(row.orderId);
  }

  #withCounted(row: OrderRow): OrderRow {
    const counted = this.#counted.get(row.orderId);
    return counted === undefined ? row : { ...row, counted };
  }

  /** Deletes traces that are due, of up to `limit` orders. Returns how many it deleted. */
  forgetTraces(now: number, limit: number): number {
    const saleId = this.index.traced.due(this.#setup?.terms ?? null, now);
    if (saleId === undefined) return 0;
    const { length } = this.#run(FORGET_TRACES, saleId, limit);
    this.index.traced.forgot(saleId, length === limit ? length : Number.POSITIVE_INFINITY);
    return length;
  }

  #orders(where: string, ...bindings: SqlStorageValue[]): OrderRow[] {
    return this.#run(`${SELECT_ORDERS} ${where}`, ...bindings).map((row) => this.#toRow(row));
  }

  /** An order from a release that stored no item uses that of its sale, while the sale is on. */
  #toRow(stored: SqlRow): OrderRow {
    const row = this.#withCounted(toOrderRow(stored));
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
