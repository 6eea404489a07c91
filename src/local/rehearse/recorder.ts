// Records what happened during a rehearsal. Answers are counted, timed and checked against the HTTP contract as
// they arrive. Purchases and order actions are stored with their answers, for the proofs at the end.
import type { Answer, Money, Order } from "../client.ts";
import { expectedFor, findBreaches, outcome, type RequestKind } from "./contract.ts";
import type { Method } from "./payments.ts";

/** A conclusive answer to an order request, with the unit price the request offered, if any. */
export type OrderAnswer = Answer<Order> & { offeredPrice?: Money | undefined };

/** One buyer's attempt to buy under one Idempotency-Key, with the answers it got. */
export class Purchase {
  readonly user: string;
  /** The SKU's id. */
  readonly sku: string;
  readonly key: string;
  readonly quantity: number;
  /** The payment method sent with the order, if any. */
  method?: Method | undefined;
  /** When its first request was sent: server time in milliseconds. */
  firstSentAt?: number;
  /** Conclusive answers to the same request, in order of arrival. */
  readonly answers: OrderAnswer[] = [];
  /** True if at least one request got no conclusive answer: an order may exist that the buyer has not seen. */
  outcomeUnknown = false;

  constructor(user: string, sku: string, key: string, quantity = 1) {
    this.user = user;
    this.sku = sku;
    this.key = key;
    this.quantity = quantity;
  }

  /** Adds a conclusive answer. `undefined` means that none arrived. */
  addAnswer(answer: Answer<Order> | undefined, offeredPrice?: Money): void {
    if (answer === undefined) {
      this.outcomeUnknown = true;
    } else {
      this.answers.push({ ...answer, offeredPrice });
    }
  }

  /** Ids of the orders in its 202 answers. */
  get acceptedIds(): string[] {
    return this.answers.filter(({ status }) => status === 202).map(({ body }) => body.id);
  }
}

/** A payment or cancellation a buyer sent for an order. `answer` is undefined if the outcome is unknown. */
export interface OrderAction {
  kind: "pay" | "cancel";
  /** The payment method of a payment. */
  method?: Method;
  user: string;
  sku: string;
  id: string;
  answer: Answer<Order> | undefined;
}

/** How fast the payments of a drop started, and how free orders fared. */
export interface Pace {
  /** Payments per second that may start. */
  allowedPerSecond: number;
  /** The first charges that the provider got, and in how many seconds. */
  charges: number;
  seconds: number;
  /** Median milliseconds until a free order was confirmed. */
  free: {
    aloneMs: number;
    /** While the paid orders waited in line. */
    inLineMs: number;
    /** During the rush of paid orders. */
    besidePaidMs: number;
    /** During a rush of as many orders that nobody pays. */
    besideUnpaidMs: number;
  };
}

export class Recorder {
  readonly purchases: Purchase[] = [];
  readonly orderActions: OrderAction[] = [];
  /** Ids of the orders whose buyer answered the bank's question with yes. */
  readonly authenticated = new Set<string>();
  /** Request kind → outcome → count. */
  readonly outcomes = new Map<RequestKind, Map<string, number>>();
  /** Request kind → latency of every answer, in milliseconds. */
  readonly latencies = new Map<RequestKind, number[]>();
  /** Breach of the HTTP contract → count. */
  readonly breaches = new Map<string, number>();
  /** Undefined unless the provider's pace is visible. */
  pace: Pace | undefined;
  requestCount = 0;
  /** Requests that got no answer or a 5xx. */
  errorCount = 0;
  /**
   * `down`: the rehearsal has killed the instance, so requests without an answer are no breach of the contract.
   * `unsettled`: it was killed a moment ago, or Redis fails, so the stock may not have been published again.
   */
  state: "up" | "down" | "unsettled" = "up";

  /** Records an answer. `expected` lists codes or statuses; by default, those of the request kind. */
  recordAnswer(kind: RequestKind, answer: Answer, expected = expectedFor(kind)): void {
    const replayed = answer.headers.get("idempotent-replayed") === "true" ? " replayed" : "";
    this.#count(kind, outcome(answer) + replayed, answer.status >= 500);
    const latencies = this.latencies.get(kind) ?? [];
    latencies.push(answer.ms);
    this.latencies.set(kind, latencies);
    for (const breach of findBreaches(kind, answer, expected)) {
      this.#recordBreach(breach);
    }
  }

  /** Records a request that got no answer. */
  recordFailure(kind: RequestKind, error: unknown): void {
    const cause = (error as { cause?: unknown }).cause ?? error;
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#count(kind, "no answer", true);
    if (this.state !== "down") this.#recordBreach(`${kind}: no answer: ${message}`);
  }

  startPurchase(user: string, sku: string, key: string, quantity = 1): Purchase {
    const purchase = new Purchase(user, sku, key, quantity);
    this.purchases.push(purchase);
    return purchase;
  }

  /** Payment methods that buyers have given. */
  get paymentCount(): number {
    const given = [...this.purchases, ...this.orderActions];
    return given.filter(({ method }) => method !== undefined).length;
  }

  #count(kind: RequestKind, what: string, isError: boolean): void {
    this.requestCount += 1;
    this.errorCount += Number(isError);
    const counts = this.outcomes.get(kind) ?? new Map<string, number>();
    counts.set(what, (counts.get(what) ?? 0) + 1);
    this.outcomes.set(kind, counts);
  }

  #recordBreach(text: string): void {
    this.breaches.set(text, (this.breaches.get(text) ?? 0) + 1);
  }
}
