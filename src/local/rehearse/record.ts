// What happened: every answer counted by kind and outcome, timed, and judged against the contract as
// it comes in; every purchase with its answers in order, for the proofs afterwards.
import type { Answer, Money, Order } from "../client.ts";
import { judge, type Kind, outcome, possibleFor } from "./contract.ts";

/** A decided answer, and the price that was offered for a unit, if any was. */
export type Told = Answer<Order> & { offered?: Money | undefined };

/** One user's wish under one Idempotency-Key, and what they were told about it. */
export class Purchase {
  readonly user: string;
  /** Id of the SKU. */
  readonly sku: string;
  readonly key: string;
  readonly quantity: number;
  /** Decided answers to the very same request, in the order they came. */
  readonly answers: Told[] = [];
  /** No decided answer came for at least one of the requests: the outcome may be unknown. */
  gaveUp = false;

  constructor(user: string, sku: string, key: string, quantity = 1) {
    this.user = user;
    this.sku = sku;
    this.key = key;
    this.quantity = quantity;
  }

  /** Adds what came back; undefined: nothing that decides. */
  note(answer: Answer<Order> | undefined, offered?: Money): void {
    this.gaveUp ||= answer === undefined;
    this.answers.push(...(answer === undefined ? [] : [{ ...answer, offered }]));
  }

  /** The orders it was told about. */
  get acceptedIds(): string[] {
    return this.answers.filter(({ status }) => status === 202).map(({ body }) => body.id);
  }
}

/** What a buyer did to an order they had, and what they were told; undefined: nobody knows. */
export interface Deed {
  kind: "pay" | "give back";
  user: string;
  sku: string;
  id: string;
  answer: Answer<Order> | undefined;
}

/** The notes of one rehearsal. */
export class Record {
  readonly purchases: Purchase[] = [];
  readonly deeds: Deed[] = [];
  /** Kind → outcome → how often. */
  readonly outcomes = new Map<Kind, Map<string, number>>();
  /** Kind → milliseconds of every answer. */
  readonly latencies = new Map<Kind, number[]>();
  /** Breach of the contract → how often. */
  readonly breaches = new Map<string, number>();
  /** How many requests were sent. */
  size = 0;
  /** How many of them ended without an answer or in a 5xx. */
  errors = 0;

  /** Notes an answer; `possible` (codes or statuses) is needed where the kind does not say it. */
  answer(kind: Kind, answer: Answer, possible = possibleFor(kind)): void {
    const replayed = answer.headers.get("idempotent-replayed") === "true" ? " replayed" : "";
    this.#count(kind, outcome(answer) + replayed, answer.status >= 500);
    const times = this.latencies.get(kind) ?? [];
    times.push(answer.ms);
    this.latencies.set(kind, times);
    for (const breach of judge(kind, answer, possible)) {
      this.#breach(breach);
    }
  }

  /** Notes that no answer came at all. */
  silence(kind: Kind, error: unknown): void {
    const cause = (error as { cause?: unknown }).cause ?? error;
    this.#count(kind, "no answer", true);
    this.#breach(`${kind}: no answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  }

  purchase(user: string, sku: string, key: string, quantity = 1): Purchase {
    const purchase = new Purchase(user, sku, key, quantity);
    this.purchases.push(purchase);
    return purchase;
  }

  #count(kind: Kind, what: string, isError: boolean): void {
    this.size += 1;
    this.errors += Number(isError);
    const counts = this.outcomes.get(kind) ?? new Map<string, number>();
    counts.set(what, (counts.get(what) ?? 0) + 1);
    this.outcomes.set(kind, counts);
  }

  #breach(text: string): void {
    this.breaches.set(text, (this.breaches.get(text) ?? 0) + 1);
  }
}
