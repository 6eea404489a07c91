// A buyer's own orders and their payments.
import type { Order, OrderList, Payment } from "./api.gen.ts";
import { ApiError, isPassing } from "./errors.ts";
import type { Transport } from "./transport.ts";
import { type Abortable, pause } from "./wait.ts";

const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 10_000;

export class Orders {
  /** Each call is an operation of its own, which asks for the buyer's token. */
  readonly #open: () => Transport;

  constructor(open: () => Transport) {
    this.#open = open;
  }

  /** One page, newest first. `nextCursor` leads to the next one. */
  list({ cursor, signal }: Abortable & { cursor?: string | undefined } = {}): Promise<OrderList> {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    return this.#open().send("GET", `/orders${query}`, { isPersonal: true, signal });
  }

  get(orderId: string, { signal }: Abortable = {}): Promise<Order> {
    return read(this.#open(), orderId, signal);
  }

  /**
   * Gives a reserved order back.
   * @throws {NoAnswerError} unknown: call again
   */
  async cancel(orderId: string, { signal }: Abortable = {}): Promise<Order> {
    const transport = this.#open();
    try {
      const sent = { isPersonal: true, change: {}, signal };
      return await transport.send("DELETE", path(orderId), sent);
    } catch (error) {
      // So is the repeat of a try that cancelled it, and whose answer was lost.
      if (!(error instanceof ApiError) || error.code !== "order_not_cancellable") throw error;
      const order = await read(transport, orderId, signal);
      if (order.status === "cancelled") return order;
      throw error;
    }
  }

  /**
   * Pays with a method that your page collected, or pays again after a decline. One method is charged at most once.
   * @throws {NoAnswerError} unknown: call again with the same method
   */
  pay(orderId: string, paymentToken: string, { signal }: Abortable = {}): Promise<Order> {
    const sent = { body: { paymentToken }, isPersonal: true, change: {}, signal };
    return this.#open().send("POST", `${path(orderId)}/payment`, sent);
  }

  /** Where the payment is. With the state `action_required`, it has the client secret for the bank's question. */
  payment(orderId: string, { signal }: Abortable = {}): Promise<Payment> {
    return this.#open().send("GET", `${path(orderId)}/payment`, { isPersonal: true, signal });
  }

  /**
   * Reads an order until `isDone`. Default: until it is no longer reserved, which can take as long as its hold. Outlasts lost
   * connections: a `signal` ends it. `onChange` hears of each version.
   */
  async until(
    orderId: string,
    options: Abortable & { isDone?(order: Order): boolean; onChange?(order: Order): void } = {},
  ): Promise<Order> {
    const { isDone = isFinal, onChange, signal } = options;
    const transport = this.#open();
    let version = 0;
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 1.5, LONGEST_LOOK_MS)) {
      const order = await read(transport, orderId, signal).catch((error) => {
        if (!isPassing(error) || signal?.aborted) throw error;
      });
      // An older version comes from a copy that lags behind.
      if (order && order.version >= version) {
        if (order.version > version) onChange?.(order);
        version = order.version;
        if (isDone(order)) return order;
      }
      await pause(wait * (0.75 + Math.random() / 2), signal);
    }
  }
}

const path = (orderId: string) => `/orders/${encodeURIComponent(orderId)}`;

const read = (transport: Transport, orderId: string, signal: AbortSignal | undefined) =>
  transport.send<Order>("GET", path(orderId), { isPersonal: true, signal });

/** Whether an order keeps its units or has given them back. */
export const isFinal = ({ status }: Pick<Order, "status">): boolean => status !== "reserved";
