// The request that last changed an order, so that the log lines of the consumers name it. In memory only: the lines of orders
// that a restarted object sends again have no request id.

/** About 1 MB. The oldest are forgotten first. */
const MAX_REQUESTS = 5_000;

export class RecentRequests {
  /** The request by the order. A Map keeps the order of insertion. */
  readonly #ids = new Map<string, string>();

  note(orderId: string, requestId: string | undefined): void {
    if (requestId === undefined) return;
    this.#ids.delete(orderId);
    this.#ids.set(orderId, requestId);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > MAX_REQUESTS && oldest !== undefined) this.#ids.delete(oldest);
  }

  /** For a claim or an event. Empty if it is not known. */
  of(orderId: string): { requestId?: string } {
    const requestId = this.#ids.get(orderId);
    return requestId === undefined ? {} : { requestId };
  }
}
