// Drives Doorbuster's inventory object and its order consumer directly, without the funnel, through routes of the
// comparator. No queue consumer runs at the same time, so each part is measured alone.
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import type { OrderMessage } from "../../inventory/messages.ts";
import { type RequestSpec, sendAll } from "./load-generator.ts";
import { randomId } from "./requests.ts";
import type { Testbed } from "./testbed.ts";

/** The maximum number of messages that Cloudflare delivers in one batch. */
export const BATCH = 100;

/** A SKU in the comparator's own SkuInventory object. */
export class DirectSku {
  readonly #id: string;
  /** Messages of reserved orders that the consumer has not processed. */
  #unprocessed: OrderMessage[] = [];

  constructor(id: string) {
    this.#id = id;
  }

  /** Puts the SKU on sale, free and with more stock than any run takes. */
  async open({ comparator }: Testbed): Promise<void> {
    this.#unprocessed = [];
    const terms = {
      ...{ saleId: "bench", skuId: this.#id, opensAt: 0, closesAt: Date.now() + 86_400_000 },
      ...{ unitPrice: { amount: 0, currency: "USD" }, perUserLimit: 1, holdSeconds: 300 },
    };
    const command = { skuId: this.#id, revision: 1, offer: { terms, stock: 1_000_000 } };
    const { ok } = await fetch(new URL("/sku", comparator), {
      method: "PUT",
      body: JSON.stringify(command),
    });
    if (!ok) throw new Error(`The comparator did not put ${this.#id} on sale.`);
  }

  /** Requests that each reserve one unit for a new user. */
  reserveRequests(count: number): RequestSpec[] {
    const commands = reserveCommands(this.#id, count);
    for (const { userId, orderId } of commands) {
      this.#unprocessed.push({ v: 1, skuId: this.#id, lane: 0, userId, orderId, version: 1 });
    }
    return commands.map((command) => post(`/reserve/${this.#id}`, command));
  }

  /** Reserves `count` full batches of orders, and returns a request for each batch that has the consumer process it. */
  async consumeRequests({ comparator }: Testbed, count: number): Promise<RequestSpec[]> {
    await sendAll(comparator, this.reserveRequests(count * BATCH), 202);
    return this.#takeBatches();
  }

  /** Has the consumer process all reserved orders, so that the object does not send them again. */
  async drain({ comparator }: Testbed): Promise<void> {
    await sendAll(comparator, this.#takeBatches(), 204);
  }

  #takeBatches(): RequestSpec[] {
    const messages = this.#unprocessed;
    this.#unprocessed = [];
    return Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, index) =>
      post("/consume", messages.slice(index * BATCH, (index + 1) * BATCH)),
    );
  }
}

/** Requests that each reserve one unit for a new user at the comparator's bare object, with the same body. */
export const bareRequests = (count: number): RequestSpec[] =>
  reserveCommands("bench-bare", count).map((command) => post("/bare-reserve", command));

/** Commands that each reserve one unit for a new user. */
export function reserveCommands(skuId: string, count: number): ReserveCommand[] {
  return Array.from({ length: count }, () => ({
    userId: randomId(),
    orderId: `${skuId}.0.${randomId()}`,
    quantity: 1,
    idempotencyKey: randomId(),
    fingerprint: "bench",
    askedAt: Date.now(),
  }));
}

const post = (path: string, body: unknown): RequestSpec => ({
  method: "POST",
  path,
  body: JSON.stringify(body),
});
