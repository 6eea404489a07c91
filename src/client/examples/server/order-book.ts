// What the shop knows of the orders of its customers. In memory: a shop has tables for it.
import type { Order } from "doorbuster/client";

/** The body of an event about an order. `/docs` of a deployment describes every type. */
export interface OrderEvent {
  id: string;
  type: string;
  /** The `sub` of the buyer's token. */
  userId: string;
  order: Order;
}

export class OrderBook {
  /** In a database: a column with unique values, written in one transaction with what the event leads to. */
  readonly #seen = new Set<string>();
  readonly #newest = new Map<string, OrderEvent>();

  /** Records an event once, however often it comes. An older one never replaces a newer one. */
  record(event: OrderEvent): void {
    const { id, order } = event;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const known = this.#newest.get(order.id);
    if (known && known.order.version > order.version) return;
    this.#newest.set(order.id, event);
  }

  /** The newest event of each order of a customer. */
  of(customerId: string): OrderEvent[] {
    return [...this.#newest.values()].filter(({ userId }) => userId === customerId);
  }
}
