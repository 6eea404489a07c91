// The purchase of the element with a client whose calls the test answers.
import { beforeEach, vi } from "vitest";
import { type GetToken, whoBuys } from "../../src/client/element/buyer.ts";
import { Memory } from "../../src/client/element/memory.ts";
import { type Progress, Purchase } from "../../src/client/element/purchase.ts";
import {
  ApiError,
  type BuyOptions,
  type Client,
  NoAnswerError,
  type Order,
  type Problem,
  type TokenSource,
} from "../../src/client/index.ts";
import { withoutWaiting } from "./fake-api.ts";

/** A call of `buy` that waits for its answer. */
export interface Call {
  skuId: string;
  options: BuyOptions & { key: string };
  answer(order: Order): Promise<void>;
  fail(error: unknown): Promise<void>;
}

export const tokenOf = (user: string) => `h.${btoa(JSON.stringify({ sub: user }))}.s`;

/** Lets everything happen that needs no time. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

export const noAnswer = (key?: string) => new NoAnswerError("lost", { key });

export const refusal = (status: number, code: string, more: object = {}) =>
  new ApiError(status, { code, detail: code, ...more } as Problem, 0);

/** The browser's storage, which outlives pages. */
export function withStorage(): void {
  withoutWaiting();
  beforeEach(() => {
    const items = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    });
  });
}

/** A page with the element of a shop, on which `user` is signed in. */
export class Page {
  readonly memory = new Memory("https://drops.test");
  readonly calls: Call[] = [];
  readonly orders = new Map<string, Order>();
  user = "ann";
  getToken: GetToken = () => tokenOf(this.user);
  /** How often the page was asked who buys. */
  asked = 0;
  /** What `orders.until` throws, instead of reading, one after the other. */
  readonly faults: unknown[] = [];
  /** Ends waiting for `orders.until`. */
  #followers: ((order: Order) => void)[] = [];

  /** Shows an element for the SKU. */
  element(skuId = "shoe", saleId = "drop") {
    const [ends, seen] = [new AbortController(), [] as Progress[]];
    const getToken: GetToken = (about) => {
      this.asked += 1;
      return this.getToken(about);
    };
    const purchase = new Purchase({
      ...{ saleId, skuId, memory: this.memory, signal: ends.signal },
      whoBuys: () => whoBuys(getToken, (token) => this.#client(token)),
      onChange: (progress) => void seen.push(progress),
    });
    return { purchase, seen, leave: () => ends.abort() };
  }

  /** The order changes at the server. */
  async change(order: Order): Promise<void> {
    this.orders.set(order.id, order);
    for (const follow of this.#followers.splice(0)) follow(order);
    await settle();
  }

  #client(token: TokenSource): Client {
    const get = async (id: string) => {
      await token({ isExpired: false });
      const order = this.orders.get(id);
      if (!order) throw refusal(404, "not_found");
      return order;
    };
    const until: Client["orders"]["until"] = async (id, { onChange } = {}) => {
      if (this.faults.length > 0) throw this.faults.shift();
      for (let order = await get(id); ; ) {
        onChange?.(order);
        if (order.status !== "reserved") return order;
        order = await new Promise<Order>((resolve) => this.#followers.push(resolve));
      }
    };
    const buy = async (skuId: string, options: BuyOptions = {}) => {
      await token({ isExpired: false });
      return new Promise<Order>((resolve, reject) => {
        const answer = async (order: Order) => {
          this.orders.set(order.id, order);
          resolve(order);
          await settle();
        };
        const fail = async (error: unknown) => {
          reject(error);
          await settle();
        };
        options.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        this.calls.push({ skuId, options: options as Call["options"], answer, fail });
      });
    };
    const list = async () => ({ orders: [...this.orders.values()] });
    return { buy, orders: { get, list, until } } as unknown as Client;
  }
}

/** Presses Buy, and returns the call that this makes. */
export async function press(page: Page, { purchase }: ReturnType<Page["element"]>): Promise<Call> {
  void purchase.press({ amount: 1200, currency: "USD" });
  await settle();
  return page.calls.at(-1) as Call;
}

/** Shows the element again, and lets it go on with what it finds. */
export async function restore({ purchase }: ReturnType<Page["element"]>): Promise<void> {
  void purchase.restore();
  await settle();
}
