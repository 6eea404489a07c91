// What happened: every answer counted by kind and outcome, timed, and judged against the contract as
// it comes in; every purchase with its answers in order, for the proofs afterwards.
import type { Answer, Order } from "../client.ts";
import { judge, type Kind, outcome, POSSIBLE } from "./contract.ts";

/** One user's wish under one Idempotency-Key, and what they were told about it. */
export interface Purchase {
  user: string;
  key: string;
  /** Decided answers to the very same request, in the order they came. */
  answers: Answer<Order>[];
  /** No decided answer came for at least one of the requests: the outcome may be unknown. */
  gaveUp: boolean;
}

/** The notes of one rehearsal. */
export class Record {
  readonly purchases: Purchase[] = [];
  /** Kind → outcome → how often. */
  readonly outcomes = new Map<string, Map<string, number>>();
  /** Kind → milliseconds of every answer. */
  readonly latencies = new Map<string, number[]>();
  /** Breach of the contract → how often. */
  readonly breaches = new Map<string, number>();

  /** Notes an answer; `possible` (codes or statuses) is needed where the kind does not say it. */
  answer(kind: Kind, answer: Answer, possible?: string[]): void {
    const replayed = answer.headers.get("idempotent-replayed") === "true" ? " replayed" : "";
    this.#count(kind, outcome(answer) + replayed);
    const times = this.latencies.get(kind) ?? [];
    times.push(answer.ms);
    this.latencies.set(kind, times);
    const allowed = possible ?? (kind === "rubbish" ? [] : POSSIBLE[kind]);
    for (const breach of judge(kind, answer, allowed)) {
      this.#breach(breach);
    }
  }

  /** Notes that no answer came at all. */
  silence(kind: Kind, error: unknown): void {
    const cause = (error as { cause?: unknown }).cause ?? error;
    this.#count(kind, "no answer");
    this.#breach(`${kind}: no answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  }

  purchase(user: string, key: string): Purchase {
    const purchase: Purchase = { user, key, answers: [], gaveUp: false };
    this.purchases.push(purchase);
    return purchase;
  }

  #count(kind: string, what: string): void {
    const counts = this.outcomes.get(kind) ?? new Map<string, number>();
    counts.set(what, (counts.get(what) ?? 0) + 1);
    this.outcomes.set(kind, counts);
  }

  #breach(text: string): void {
    this.breaches.set(text, (this.breaches.get(text) ?? 0) + 1);
  }
}
