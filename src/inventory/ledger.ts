// The tables inside a SKU's object. Each order is one row of one B-tree, so a change of an order costs one written row. There is
// no secondary index, except where the shop's own checkout looks orders up by their id alone. Finished orders are read when a
// call needs them, and never all at once.
import { migrate } from "../migrate.ts";
import { isUncounted } from "./allowance/counted-order.ts";
import { Buyers } from "./buyers.ts";
import type { Alias, Stock } from "./decide-order.ts";
import { limitedSale, type Setup } from "./decide-stock.ts";
import { isOpen, LedgerIndex, type Unacknowledged } from "./ledger-index.ts";
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { OrderPages } from "./order-pages.ts";
import { OrdersById } from "./orders-by-id.ts";
import { resendSchedule } from "./outbox.ts";
import { PaymentTables } from "./payment-tables.ts";
import { RecentOrders } from "./recent-orders.ts";
import {
  bindingsOf,
  MIGRATIONS,
  type ReadOrders,
  type Run,
  SELECT_ORDERS,
  type SqlRow,
  toAlias,
  toOrderRow,
  WRITE_ORDER,
} from "./tables.ts";
import { Tallies } from "./tallies.ts";
import { tracesDue } from "./traces.ts";
import { tracedSales, wake } from "./wake.ts";

/** Rows read and written since the object woke: what Cloudflare bills, for operators and the bench. */
export interface RowCount {
  rowsRead: number;
  rowsWritten: number;
}

export class Ledger {
  readonly #sql: SqlStorage;
  readonly rows: RowCount = { rowsRead: 0, rowsWritten: 0 };
  readonly index = new LedgerIndex();
  readonly pages: OrderPages;
  readonly byId: OrdersById;
  readonly buyers: Buyers;
  readonly payments: PaymentTables;
  readonly tallies: Tallies;
  readonly #recent = new RecentOrders();
  #setup: Setup | null = null;
  /** Counted units, by order id, that the order's next write stores. */
  readonly #counted = new Map<string, number>();
  /** Up to where the traces of a sale were deleted. */
  #forgotten: { saleId: string; until: OrderRef } | undefined;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">) {
    this.#sql = storage.sql;
    const run: Run = (query, ...bindings) => this.#run(query, ...bindings);
    const orders: ReadOrders = (where, ...bindings) => this.#orders(where, ...bindings);
    this.pages = new OrderPages(run, orders);
    this.byId = new OrdersById(run, orders);
    this.buyers = new Buyers((userId, limit) => this.pages.usersAfter(userId, limit));
    this.payments = new PaymentTables(run);
    this.tallies = new Tallies(run);
    this.#count(migrate(storage, MIGRATIONS));
    const [stored] = this.#run("SELECT document FROM setup");
    if (stored) this.#setup = JSON.parse(stored.document as string);
    const { index, tallies, buyers } = this;
    storage.transactionSync(() => wake({ run, orders, index, tallies, buyers }, this.#setup));
    if (!this.#setup) return;
    index.limitedSale = limitedSale(this.#setup);
    if (this.#setup.traced) return;
    this.saveSetup({ ...this.#setup, traced: tracedSales(run, this.#setup) });
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
    return this.buyers.size > 0;
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

  /** All orders of one user: one range of the B-tree. Reads no row for a user without orders. */
  ordersOf(userId: string): OrderRow[] {
    return this.#orders("WHERE user_id = ?", userId);
  }

  /** Whether a user ever had an order here. */
  hasBuyer(userId: string): boolean {
    return this.#run("SELECT 1 FROM orders WHERE user_id = ? LIMIT 1", userId).length > 0;
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

  order(ref: OrderRef): OrderRow | undefined {
    const recent = this.#recent.find(ref);
    if (recent) return this.#completed(recent);
    return this.#orders("WHERE user_id = ? AND order_id = ?", ref.userId, ref.orderId)[0];
  }

  /**
   * Writes an order that is new (`before` undefined) or changed, and updates index and tallies. Returns its entry
   * among the unacknowledged orders, if it has one.
   *
   * @param isFirst whether its owner never had an order here
   */
  save(before: OrderRow | undefined, order: OrderRow, isFirst = false): Unacknowledged | undefined {
    const row = this.#withCounted(order);
    this.#counted.delete(row.orderId);
    // The tally comes first: one that lists an order without a row does no harm, an order that no tally lists would.
    this.tallies.record(before, row, isOpen(row, this.index.limitedSale), isFirst);
    this.#run(WRITE_ORDER, ...bindingsOf(row));
    this.#recent.note(row);
    if (isFirst) this.buyers.add(row.userId);
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

  /** Deletes traces that are due, of up to `limit` orders. Returns whether more may be due. */
  forgetTraces(now: number, limit: number): boolean {
    const { traced = {} } = this.#setup ?? {};
    const saleId = tracesDue(traced, now);
    if (!this.#setup || saleId === undefined) return false;
    const from = this.#forgotten?.saleId === saleId ? this.#forgotten.until : undefined;
    const until = this.pages.forgetTraces(saleId, from, limit);
    this.#recent.forget();
    this.#forgotten = until && { saleId, until };
    if (until) return true;
    const { [saleId]: _, ...left } = traced;
    this.saveSetup({ ...this.#setup, traced: left });
    return tracesDue(left, now) !== undefined;
  }

  #orders(where: string, ...bindings: SqlStorageValue[]): OrderRow[] {
    return this.#run(`${SELECT_ORDERS} ${where}`, ...bindings).map((row) =>
      this.#completed(toOrderRow(row)),
    );
  }

  /** An order from a release that stored no item uses that of its sale, while the sale is on. */
  #completed(stored: OrderRow): OrderRow {
    const row = this.#withCounted(stored);
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
