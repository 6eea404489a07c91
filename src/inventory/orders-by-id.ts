// Finds orders by their ids alone. The key of the table starts with the owner, so without an index this reads all keys.
import type { OrderRow } from "./order.ts";
import { INDEX_ORDERS_BY_ID, type ReadOrders, type Run } from "./tables.ts";

export class OrdersById {
  readonly #run: Run;
  readonly #read: ReadOrders;
  #isIndexed = false;

  constructor(run: Run, read: ReadOrders) {
    this.#run = run;
    this.#read = read;
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
    return this.#read("WHERE order_id > ? AND order_id < ? LIMIT ?", prefix, end, limit);
  }
}
