// Traces of an order, by which the report of its sale finds orders that belong together: keyed hashes of the address block
// and of the card. They cannot be compared between sales, and are deleted 30 days after the close. Pure.

export interface Traces {
  /** Of the IPv4 /24 or IPv6 /48 that the order came from. */
  network?: string;
  /** Of the provider's fingerprint of the card that was charged. */
  card?: string;
}

const KEEP_MS = 30 * 86_400_000;

/** The fields of an order's row that count here. */
interface TracedOrder {
  saleId: string;
  createdAt: number;
  traces: Traces | null;
}

/** How many orders of a sale have traces, and when the newest of them was made: milliseconds. */
interface Traced {
  orders: number;
  newestAt: number;
}

/** The sales whose orders have traces. */
export class TraceIndex {
  readonly #sales = new Map<string, Traced>();

  /** Records that an order is new (`before` undefined) or changed. */
  track(before: TracedOrder | undefined, { saleId, createdAt, traces }: TracedOrder): void {
    if (traces === null || (before && before.traces !== null)) return;
    const { orders, newestAt } = this.#sales.get(saleId) ?? { orders: 0, newestAt: 0 };
    this.#sales.set(saleId, { orders: orders + 1, newestAt: Math.max(newestAt, createdAt) });
  }

  /** Records that this many orders of a sale lost their traces. */
  forgot(saleId: string, count: number): void {
    const traced = this.#sales.get(saleId);
    if (!traced) return;
    if (count >= traced.orders) this.#sales.delete(saleId);
    else traced.orders -= count;
  }

  /**
   * A sale whose traces are to be deleted. Of a sale that is no longer on sale here, the last order stands for the close, which
   * was not before it.
   */
  due(terms: { saleId: string; closesAt: number } | null, now: number): string | undefined {
    for (const [saleId, { newestAt }] of this.#sales) {
      const closedAt = terms?.saleId === saleId ? terms.closesAt : newestAt;
      if (now >= closedAt + KEEP_MS) return saleId;
    }
    return undefined;
  }
}
