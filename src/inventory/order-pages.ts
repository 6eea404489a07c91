// Walks through the orders of a ledger in the order of their key, page by page, so that no call reads all of them.
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { FORGET_TRACES, type ReadOrders, type Run, type SqlRow } from "./tables.ts";

const KEY_ORDER = "ORDER BY user_id, order_id LIMIT ?";
const START: OrderRef = { userId: "", orderId: "" };

const refOf = (row: SqlRow): OrderRef => ({
  userId: row.user_id as string,
  orderId: row.order_id as string,
});

export class OrderPages {
  readonly #run: Run;
  readonly #read: ReadOrders;

  constructor(run: Run, read: ReadOrders) {
    this.#run = run;
    this.#read = read;
  }

  /** A page of all orders after `cursor`. */
  after({ userId, orderId } = START, limit: number): OrderRow[] {
    return this.#read(`WHERE (user_id, order_id) > (?, ?) ${KEY_ORDER}`, userId, orderId, limit);
  }

  /** User ids after this one that have orders: up to `limit`. */
  usersAfter(userId: string, limit: number): string[] {
    const query = "SELECT DISTINCT user_id FROM orders WHERE user_id > ? ORDER BY user_id LIMIT ?";
    return this.#run(query, userId, limit).map((row) => row.user_id as string);
  }

  /** The first and the last user id, in the order of the key, that have orders. */
  ends(): string[] {
    const [row] = this.#run("SELECT min(user_id) AS first, max(user_id) AS last FROM orders");
    return [row?.first, row?.last].flatMap((userId) => (userId ? [userId as string] : []));
  }

  /**
   * The next orders whose newest version is acknowledged, and so must be in the read model. Each call continues where the last
   * one stopped, so that all orders come in turn. Stores where, which is one row, if there are more than `limit`.
   */
  sample(limit: number): OrderRow[] {
    const [stored] = this.#run("SELECT user_id, order_id FROM sampled");
    const { userId, orderId } = stored ? refOf(stored) : START;
    const take = (where: string, count: number) =>
      this.#read(
        `WHERE acknowledged = version AND (user_id, order_id) ${where} (?, ?) ${KEY_ORDER}`,
        ...[userId, orderId, count],
      );
    const rows = take(">", limit);
    if (stored && rows.length < limit) rows.push(...take("<=", limit - rows.length));
    const last = rows.at(-1);
    if (last && rows.length === limit) {
      const query = "INSERT OR REPLACE INTO sampled (id, user_id, order_id) VALUES (1, ?, ?)";
      this.#run(query, last.userId, last.orderId);
    }
    return rows;
  }

  /**
   * Deletes the traces of a sale in a page of all orders after `cursor`. @returns where the next page starts. Undefined after the
   * last one
   */
  forgetTraces(saleId: string, { userId, orderId } = START, limit: number): OrderRef | undefined {
    const query = `SELECT user_id, order_id FROM orders WHERE (user_id, order_id) > (?, ?) ${KEY_ORDER}`;
    const page = this.#run(query, userId, orderId, limit).map(refOf);
    const [first, last] = [page[0], page.at(-1)];
    if (!first || !last) return undefined;
    const range = [first.userId, first.orderId, last.userId, last.orderId];
    this.#run(FORGET_TRACES, saleId, ...range);
    return page.length === limit ? last : undefined;
  }
}
