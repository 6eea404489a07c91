// Paid orders under full control of a test: a gateway whose answers it chooses, a clock that it moves, and a queue
// whose messages it delivers.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, onTestFinished, vi } from "vitest";
import { MAX_PAUSE_MS } from "../../src/inventory/hold-clock.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import type { Order } from "../../src/inventory/order.ts";
import { dropPaymentLine } from "../../src/orders/payment-wait.ts";
import type { WebhookConfig } from "../../src/orders/shop-receiver.ts";
import type {
  ChargeOutcome,
  PaymentGateway,
  PaymentRequest,
  RefundOutcome,
  RefundRequest,
  VoidOutcome,
} from "../../src/payments/gateway.ts";
import { bankOf } from "../../src/payments/sandbox.ts";
import type { BankEntry } from "../../src/payments/sandbox-bank.ts";
import { type Answer, call } from "../support/http.ts";
import { captureQueue, type Delivery, deliver } from "../support/queue.ts";
import { readModelOf } from "../support/redis.ts";
import {
  type Buyer,
  bought,
  buyers,
  type OrderOptions,
  onSale,
  showOrder,
  until,
} from "../support/shop.ts";

export const PRICE = 2_400;
const HOLD_SECONDS = 300;

/** Restarts the scheduler of payments, as a deployment does. It forgets its line, and what its runners were doing. */
export async function restartScheduler(): Promise<void> {
  const scheduler = env.PAYMENT_SCHEDULER.getByName("scheduler");
  await runInDurableObject(scheduler, (_, state) => state.abort("restart")).catch(() => {});
  dropPaymentLine();
}

/** Stops the clock. `end` moves it past every hold of an order made until then, and past the pause for its payment. */
export function givenHolds(): { end(): void } {
  vi.setSystemTime(Date.now());
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { end: () => void vi.setSystemTime(Date.now() + HOLD_SECONDS * 1_000 + MAX_PAUSE_MS) };
}

export interface PaidSale {
  skuId: string;
  /** Messages that were sent and not delivered yet. */
  queue: OrderMessage[];
}

/** Puts paid units on sale. Their messages collect in `queue` until the test delivers them. */
export async function givenPaid(
  sku: { stock?: number; perUserLimit?: number; price?: number; lanes?: number } = {},
  queue = captureQueue(),
): Promise<PaidSale> {
  const skuId = await onSale({ price: PRICE, holdSeconds: HOLD_SECONDS, ...sku });
  return { skuId, queue };
}

export interface Purchase extends PaidSale {
  buyer: Buyer;
  order: Order;
  /** The message about the order that is to be delivered. */
  message: OrderMessage;
}

/** Makes an order that waits for the consumer. */
export async function givenOrder(
  sale: PaidSale,
  options: OrderOptions & { buyer?: Buyer } = { paymentToken: "tok_ok" },
): Promise<Purchase> {
  const [newBuyer] = await buyers(1);
  const buyer = options.buyer ?? (newBuyer as Buyer);
  const { buyer: _, ...rest } = options;
  const order = await bought(buyer, sale.skuId, rest);
  return { ...sale, buyer, order, message: await nextMessage(sale.queue, order.id) };
}

/** Takes the next message about an order out of the queue. */
export function nextMessage(queue: OrderMessage[], orderId: string): Promise<OrderMessage> {
  return until("a message about the order", () => {
    const index = queue.findIndex((message) => message.orderId === orderId);
    return index < 0 ? undefined : queue.splice(index, 1)[0];
  });
}

export const pay = ({ buyer, order }: Purchase, paymentToken: string): Promise<Answer<Order>> =>
  call("POST", `/api/orders/${order.id}/payment`, { token: buyer.token, body: { paymentToken } });

/** The status and payment of an order as its buyer sees them. The read model has the same. */
export async function shown({ buyer, order: { id } }: Purchase) {
  const { status, payment } = (await showOrder(buyer, id)).body;
  const [copy] = await readModelOf(buyer.id);
  expect(copy).toMatchObject({ status, payment });
  return { status, payment };
}

/** The payment as the owner of the order sees it, or the refusal. */
export const paymentOf = async ({ buyer, order }: Purchase) =>
  (await call("GET", `/api/orders/${order.id}/payment`, { token: buyer.token })).body;

export const cancel = ({ buyer, order }: Purchase): Promise<Answer<Order>> =>
  call("DELETE", `/api/orders/${order.id}`, { token: buyer.token });

/** Delivers a batch to the consumer, and settles its payments at this gateway. */
export const deliverTo = (
  gateway: PaymentGateway | null,
  bodies: unknown[],
  { vars = {}, ...options }: { attempts?: number; vars?: Partial<WebhookConfig> } = {},
): Promise<Delivery> => deliver(bodies, { ...options, gateway, vars: asSet(vars) });

/** Variables as an operator sets them: several values in one text. */
const asSet = (vars: object) =>
  Object.fromEntries(
    Object.entries(vars).map(([name, value]) => [name, Array.isArray(value) ? `${value}` : value]),
  );

/** The sandbox bank's entry for an order. */
export async function bankEntry({ id }: Pick<Order, "id">): Promise<BankEntry | undefined> {
  const [entry] = await bankOf(env).statement(`${id.slice(0, -1)}`);
  return entry?.orderId === id ? entry : undefined;
}

/** A gateway with a correct bank, whose answers the test controls. */
export class TestGateway implements PaymentGateway {
  /** Every call, as `charge {orderId}`. */
  readonly calls: string[] = [];
  readonly charged = new Set<string>();
  readonly refunded = new Set<string>();
  /** The ids of the operator's refunds. */
  readonly refundIds = new Set<string>();
  readonly #voided = new Set<string>();
  /** What the bank said about the newest payment method of an order, unless it charged it. */
  readonly #answers = new Map<string, { attempt: number; is: "declined" | "asking" }>();
  /** Makes calls fail. */
  down = false;
  /** Declines new charges. */
  declining = false;
  /** Answers new charges with a question to the buyer. */
  asking = false;
  /** Makes refunds fail for good. */
  refusing = false;
  /** Makes charges succeed, but loses the answers. */
  mute = false;
  readonly #held = new Map<string, PromiseWithResolvers<void>>();

  /** Delays the next charge of this order until `release` is called. */
  hold({ id }: Order): { release(): void } {
    const held = Promise.withResolvers<void>();
    this.#held.set(id, held);
    return { release: () => held.resolve() };
  }

  async charge({ orderId, attempt }: PaymentRequest): Promise<ChargeOutcome> {
    this.#note("charge", orderId);
    const held = this.#held.get(orderId);
    this.#held.delete(orderId);
    await held?.promise;
    const chargeId = `charge of ${orderId}`;
    if (this.#voided.has(orderId)) return { outcome: "declined", reason: "voided", chargeId };
    const answer = this.charged.has(orderId) ? undefined : this.#answerTo(orderId, attempt);
    if (answer === "declined") return { outcome: "declined", reason: "card_declined", chargeId };
    if (answer === "asking") {
      return { outcome: "action_required", chargeId, clientSecret: `secret of ${orderId}` };
    }
    this.charged.add(orderId);
    if (this.mute) throw new Error("the answer was lost");
    return { outcome: "charged", chargeId };
  }

  /** What the bank says about a method, always the same. Undefined: it charges it. */
  #answerTo(orderId: string, attempt: number): "declined" | "asking" | undefined {
    const known = this.#answers.get(orderId);
    if (known && known.attempt >= attempt) return known.is;
    if (!this.declining && !this.asking) return undefined;
    const is = this.declining ? "declined" : "asking";
    this.#answers.set(orderId, { attempt, is });
    return is;
  }

  /** The buyer answers the bank's question about this order with yes. The shop does not hear of it. */
  authenticate(orderId: string): void {
    const isAsking = this.#answers.get(orderId)?.is === "asking";
    if (isAsking && !this.#voided.has(orderId)) this.charged.add(orderId);
  }

  async void({ orderId }: PaymentRequest): Promise<VoidOutcome> {
    this.#note("void", orderId);
    const chargeId = `charge of ${orderId}`;
    if (this.charged.has(orderId)) return { outcome: "charged", chargeId };
    this.#voided.add(orderId);
    return { outcome: "voided", chargeId };
  }

  async refund({ orderId, refundId }: RefundRequest): Promise<RefundOutcome> {
    this.#note("refund", orderId);
    if (this.refusing) return { outcome: "refund_failed", reason: "refused" };
    this.refunded.add(orderId);
    if (refundId !== undefined) this.refundIds.add(refundId);
    return { outcome: "refunded" };
  }

  #note(step: string, orderId: string): void {
    this.calls.push(`${step} ${orderId}`);
    if (this.down) throw new Error("the gateway is down");
  }
}
