// Buying one SKU with the element: a press, its outcome, the wait in line, and what goes on after a reload.
import type { Money, Order } from "../api.gen.ts";
import { ApiError, isFinal, NoAnswerError, newKey } from "../index.ts";
import { pause, within } from "../wait.ts";
import { AnotherBuyer, type Buyer } from "./buyer.ts";
import type { Memory, Subject } from "./memory.ts";

/** Where a purchase is. */
export interface Progress {
  /** Absent while no press is under way. */
  step?: "wait" | "inLine";
  order?: Order;
  /** Why the last press got no order. */
  error?: unknown;
}

export interface PurchaseOptions {
  saleId: string;
  skuId: string;
  memory: Memory;
  /** Asks who buys. @throws {SignedOut} */
  whoBuys(): Promise<Buyer>;
  onChange(progress: Progress): void;
  /** Ends the purchase. Nothing is told afterwards. */
  signal: AbortSignal;
}

/** The page may have to renew a token, but a press must end. */
const LONGEST_QUESTION_MS = 15_000;
/** A buyer who comes back later presses again. Longer than a phone sleeps between two looks at the line. */
const AWAITED_MS = 600_000;
/** Until an order is read again after what the client does not outlast, such as a sign-in that has ended. */
const LOOK_AGAIN_MS = 30_000;
/** Of the orders that reached the limit. */
const MOST_READ = 10;

export class Purchase {
  readonly #options: PurchaseOptions;
  #progress: Progress = {};
  /** The subject of the last attempt. */
  #trying: Subject | undefined;

  constructor(options: PurchaseOptions) {
    this.#options = options;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** Buys one unit at this price. Ignored while a press is under way, or an order holds one. */
  async press(unitPrice: Money | undefined): Promise<void> {
    const { step, order } = this.#progress;
    if (step || order?.status === "reserved") return;
    this.#tell({ step: "wait" });
    try {
      await this.#buy(await this.#askWho(), unitPrice);
    } catch (error) {
      this.#tell({ error });
    }
  }

  /**
   * Goes on after a reload: shows the order that is held, and takes up an attempt that its buyer still waits for. Asks the
   * page who buys only if there may be something to go on with. A failure leaves everything to the next press.
   */
  async restore(): Promise<void> {
    const { memory, saleId, skuId } = this.#options;
    if (!this.#isIdle || !memory.hasNotesOn(saleId, skuId)) return;
    const buyer = await this.#askWho().catch(() => undefined);
    if (!buyer || !this.#isIdle) return;
    const { attempt, orderId } = memory.read(this.#about(buyer));
    if (orderId) return this.#restoreOrder(buyer, orderId);
    const sinceSeen = Math.abs(Date.now() - (attempt?.awaitedAt ?? 0));
    if (!attempt || sinceSeen > AWAITED_MS) return;
    this.#tell({ step: "wait" });
    await this.#buy(buyer, attempt.unitPrice).catch((error) => this.#tell({ error }));
  }

  /** The buyer has turned to something else: an attempt under way is kept for their next press, and not taken up without one. */
  leave(): void {
    const { memory } = this.#options;
    const attempt = this.#trying && memory.read(this.#trying).attempt;
    if (this.#trying && attempt) {
      memory.write(this.#trying, { attempt: { ...attempt, awaitedAt: undefined } });
    }
  }

  get #isIdle(): boolean {
    return !this.#progress.step && !this.#progress.order && !this.#options.signal.aborted;
  }

  #askWho(): Promise<Buyer> {
    return within(LONGEST_QUESTION_MS, this.#options.whoBuys(), this.#options.signal);
  }

  #about({ user }: Buyer): Subject & { skuId: string } {
    const { saleId, skuId } = this.#options;
    return { saleId, user, skuId };
  }

  async #restoreOrder(buyer: Buyer, orderId: string): Promise<void> {
    const { signal } = this.#options;
    const order = await buyer.client.orders.get(orderId, { signal }).catch(isAbsent);
    if (!this.#isIdle || order === undefined) return;
    if (order) await this.#follow(buyer, order);
    else this.#options.memory.write(this.#about(buyer), { orderId: undefined });
  }

  async #buy(buyer: Buyer, unitPrice: Money | undefined): Promise<void> {
    const order = await this.#order(buyer, unitPrice).catch((error) => this.#heldBy(buyer, error));
    await this.#follow(buyer, order);
  }

  async #order(buyer: Buyer, unitPrice: Money | undefined): Promise<Order> {
    const { memory, signal } = this.#options;
    const about = this.#about(buyer);
    const { skuId, ...place } = about;
    const open = memory.read(about).attempt;
    const attempt = { key: open?.key ?? newKey(), unitPrice };
    const keepWaiting = () =>
      memory.write(about, { attempt: { ...attempt, awaitedAt: Date.now() } });
    this.#trying = about;
    keepWaiting();
    try {
      const order = await buyer.client.buy(skuId, {
        ...{ saleId: place.saleId, key: attempt.key, isRepeat: open !== undefined, signal },
        ...(unitPrice ? { unitPrice } : {}),
        ticket: memory.read(place).ticket,
        onTicket: ({ ticket }) => memory.write(place, { ticket }),
        onLine: () => {
          keepWaiting();
          this.#tell({ step: "inLine" });
        },
      });
      memory.write(about, { attempt: undefined });
      return order;
    } catch (error) {
      const isOpen = error instanceof NoAnswerError && error.key !== undefined;
      // An aborted attempt may have made an order.
      if (!signal.aborted) memory.write(about, { attempt: isOpen ? attempt : undefined });
      throw error;
    }
  }

  /** The order that holds what the buyer may have, if that is why they get no other. @throws the error */
  async #heldBy({ client }: Buyer, error: unknown): Promise<Order> {
    const { skuId, signal } = this.#options;
    const problem = error instanceof ApiError ? error.problem : undefined;
    if (problem?.code !== "user_limit_reached") throw error;
    // The limit of a sale names no orders: they may be of any SKU.
    const { orders } = problem.orderIds
      ? { orders: [] }
      : await client.orders.list({ signal }).catch(() => ({ orders: [] }));
    const mine = orders.filter((order) => order.skuId === skuId).map(({ id }) => id);
    const ids = problem.orderIds ?? mine;
    for (const id of ids.slice(0, MOST_READ)) {
      const order = await client.orders.get(id, { signal }).catch(() => undefined);
      if (order?.status === "reserved") return order;
    }
    throw error;
  }

  /** Shows an order until it is final. */
  async #follow(buyer: Buyer, order: Order): Promise<void> {
    const { memory, signal } = this.#options;
    const about = this.#about(buyer);
    const onChange = (order: Order) => {
      memory.write(about, { orderId: isFinal(order) ? undefined : order.id });
      this.#tell({ order });
    };
    onChange(order);
    while (!signal.aborted) {
      try {
        await buyer.client.orders.until(order.id, { onChange, signal });
        return;
      } catch (error) {
        if (signal.aborted) return;
        const isTheirs = !(error instanceof AnotherBuyer) && isAbsent(error) === undefined;
        if (!isTheirs) return this.#tell({});
      }
      await pause(LOOK_AGAIN_MS, signal).catch(() => {});
    }
  }

  #tell(progress: Progress): void {
    if (this.#options.signal.aborted) return;
    this.#progress = progress;
    this.#options.onChange(progress);
  }
}

/** Null if the server says that there is no such order of this buyer. Undefined: nobody knows. */
const isAbsent = (error: unknown): null | undefined =>
  error instanceof ApiError && error.status === 404 ? null : undefined;
