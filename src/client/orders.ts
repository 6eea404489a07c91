// A buyer's own orders and their payments.
import type { Order, OrderList, Payment } from "./api.gen.ts";
import { ApiError } from "./errors.ts";
import type { Transport } from "./transport.ts";
import { type Abortable, pause } from "./wait.ts";

const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 10_000;

export class Orders {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page, newest first. `nextCursor` leads to the next one. */
  list({ cursor, signal }: Abortable & { cursor?: string | undefined } = {}): Promise<OrderList> {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    return this.#transport.send("GET", `/orders${query}`, { isPersonal: true, signal });
  }

  get(orderId: string, { signal }: Abortable = {}): Promise<Order> {
    return this.#transport.send("GET", path(orderId), { isPersonal: true, signal });
  }

  /** Gives a reserved order back. */
  cancel(orderId: string, { signal }: Abortable = {}): Promise<Order> {
    return this.#change(
      "order_not_cancellable",
      orderId,
      (order) => order.status === "cancelled",
      () => this.#transport.send("DELETE", path(orderId), { isPersonal: true, signal }),
    );
  }

  /** Pays with a method that your page collected, or pays again after a decline. One method is charged at most once. */
  pay(orderId: string, paymentToken: string, { signal }: Abortable = {}): Promise<Order> {
    const sent = { body: { paymentToken }, isPersonal: true, signal };
    return this.#transport.send("POST", `${path(orderId)}/payment`, sent);
  }

  /** Where the payment is. With the state `action_required`, it has the client secret for the bank's question. */
  payment(orderId: string, { signal }: Abortable = {}): Promise<Payment> {
    return this.#transport.send("GET", `${path(orderId)}/payment`, { isPersonal: true, signal });
  }

  /**
   * Reads an order until `isDone`. Default: until it is no longer reserved, which can take as long as its hold.
   * `onChange` hears of each version.
   */
  async until(
    orderId: string,
    options: Abortable & { isDone?(order: Order): boolean; onChange?(order: Order): void } = {},
  ): Promise<Order> {
    const { isDone = isFinal, onChange, signal } = options;
    let version = 0;
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 1.5, LONGEST_LOOK_MS)) {
      const order = await this.get(orderId, { signal });
      if (order.version > version) onChange?.(order);
      version = order.version;
      if (isDone(order)) return order;
      await pause(wait * (0.75 + Math.random() / 2), signal);
    }
  }

  /** A change that was made by an earlier try whose answer was lost is refused when it is repeated. */
  async #change(
    refusal: ApiError["code"],
    orderId: string,
    isMade: (order: Order) => boolean,
    change: () => Promise<Order>,
  ): Promise<Order> {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== refusal) throw error;
      const order = await this.get(orderId);
      if (isMade(order)) return order;
      throw error;
    }
  }
}

const path = (orderId: string) => `/orders/${encodeURIComponent(orderId)}`;

/** Whether an order keeps its units or has given them back. */
export const isFinal = ({ status }: Pick<Order, "status">): boolean => status !== "reserved";
