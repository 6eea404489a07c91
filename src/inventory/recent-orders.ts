// The orders that this object wrote last and that the consumer has not acknowledged. It claims and acknowledges each of them within
// seconds, and each time would read the row that was just written.
import type { OrderRow } from "./order.ts";
import type { OrderRef } from "./order-id.ts";

/** About 2 MB. The oldest are forgotten first, and read from their rows again. */
const MAX_ORDERS = 2_000;

export class RecentOrders {
  /** By order id, in the order of their last change. */
  readonly #rows = new Map<string, OrderRow>();

  /** Records a row that was written. */
  note(row: OrderRow): void {
    this.#rows.delete(row.orderId);
    if (row.acknowledged >= row.version) return;
    this.#rows.set(row.orderId, row);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > MAX_ORDERS && oldest !== undefined) this.#rows.delete(oldest);
  }

  find({ userId, orderId }: OrderRef): OrderRow | undefined {
    const row = this.#rows.get(orderId);
    return row?.userId === userId ? row : undefined;
  }

  /** For a statement that changes rows by itself. */
  forget(): void {
    this.#rows.clear();
  }
}
