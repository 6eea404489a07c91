// The refunds and disputes of the fake Stripe: partial refunds up to what is left of a charge, refunds that stay pending or
// fail later, and one dispute per payment.
import { invalid, StripeFault } from "./errors.ts";
import type { Emit, Intent } from "./objects.ts";

/** Its refund stays `pending` until `finish`. */
const REFUND_PENDING = "pm_fake_refund_pending";

export interface Refund {
  id: string;
  object: "refund";
  amount: number;
  currency: string;
  charge: string;
  payment_intent: string;
  status: "pending" | "succeeded" | "failed" | "canceled";
  failure_reason?: string;
  metadata: Record<string, string>;
}

const ENDS: Record<string, Refund["status"]> = { no: "failed", cancel: "canceled" };

interface Dispute {
  id: string;
  object: "dispute";
  amount: number;
  currency: string;
  charge: string | null;
  payment_intent: string;
  status: string;
  reason: string;
}

/** The events of a dispute, with the status that each reports. Stripe sends two when a dispute opens or is won. */
const DISPUTE_EVENTS: Record<string, { status: string; types: string[] }> = {
  open: { status: "needs_response", types: ["created", "funds_withdrawn"] },
  review: { status: "under_review", types: ["updated"] },
  won: { status: "won", types: ["closed", "funds_reinstated"] },
  lost: { status: "lost", types: ["closed"] },
};

export class FakeRefunds {
  /** By the id of the intent, oldest first. */
  readonly #refunds = new Map<string, Refund[]>();
  readonly #disputes = new Map<string, Dispute>();
  readonly #emit: Emit;
  readonly #newId: (prefix: string) => string;

  constructor(emit: Emit, newId: (prefix: string) => string) {
    this.#emit = emit;
    this.#newId = newId;
  }

  /** Oldest first. */
  of(intentId: string): Refund[] {
    return this.#refunds.get(intentId) ?? [];
  }

  /** Refunds an amount, or all that is left. @throws StripeFault without a charge, or if less is left */
  create(intent: Intent, params: URLSearchParams): Refund {
    const { id: intentId, latest_charge: charge, currency, metadata } = intent;
    if (!charge) {
      const message = `This PaymentIntent (${intentId}) does not have a successful charge to refund.`;
      throw invalid(message);
    }
    if (["needs_response", "lost"].includes(this.#disputes.get(intentId)?.status ?? "")) {
      throw invalid(`Charge ${charge} has been charged back; cannot issue a refund.`, {
        code: "charge_disputed",
      });
    }
    const left = intent.amount - this.amountOf(intentId);
    if (left === 0) {
      const message = `Charge ${charge} has already been refunded.`;
      throw invalid(message, { code: "charge_already_refunded" });
    }
    const amount = Number(params.get("amount") ?? left);
    if (!Number.isInteger(amount) || amount < 1) {
      throw invalid("Invalid positive integer", { param: "amount" });
    }
    if (amount > left) {
      const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`;
      throw invalid(message, { param: "amount" });
    }
    const isPending = intent.payment_method === REFUND_PENDING;
    const refund: Refund = {
      id: this.#newId("re"),
      object: "refund",
      amount,
      currency,
      charge,
      payment_intent: intentId,
      status: isPending ? "pending" : "succeeded",
      metadata: metadataIn(params),
    };
    this.#refunds.set(intentId, [...this.of(intentId), refund]);
    this.#emit("refund.created", { ...refund }, metadata);
    this.#emit("charge.refunded", { ...this.charge(intent), payment_intent: intentId, metadata });
    return refund;
  }

  byId(id: string): Refund {
    const refund = [...this.#refunds.values()].flat().find((each) => each.id === id);
    if (refund) return refund;
    const message = `No such refund: '${id}'`;
    throw new StripeFault(404, {
      type: "invalid_request_error",
      code: "resource_missing",
      message,
    });
  }

  /**
   * The buyer's bank takes the last refund ("yes") or returns it ("no"), or the shop cancels it while it is pending
   * ("cancel"). A returned one can have succeeded before. Stripe sends two events about it.
   */
  finish(intent: Intent, answer: string): void {
    const refund = this.of(intent.id).at(-1);
    // A bank can return a refund that succeeded, but nothing changes one that failed.
    const isChanging =
      refund?.status === "pending" || (refund?.status === "succeeded" && answer === "no");
    if (!isChanging) return;
    refund.status = ENDS[answer] ?? "succeeded";
    if (answer === "no") refund.failure_reason = "expired_or_canceled_card";
    this.#emit("refund.updated", { ...refund }, intent.metadata);
    if (answer === "no") this.#emit("refund.failed", { ...refund }, intent.metadata);
  }

  /** What a charge's refunds add up to. Pending ones count, failed ones do not. */
  amountOf(intentId: string): number {
    return this.of(intentId).reduce(
      (sum, { status, amount }) =>
        sum + (status === "failed" || status === "canceled" ? 0 : amount),
      0,
    );
  }

  charge({ id, latest_charge, amount, currency, payment_method }: Intent) {
    const amount_refunded = this.amountOf(id);
    const refunded = amount_refunded === amount;
    const card = { fingerprint: `fingerprint of ${payment_method}` };
    return {
      ...{ id: latest_charge, object: "charge", amount, currency, amount_refunded, refunded },
      payment_method_details: { type: "card", card },
    };
  }

  /** Opens a dispute, or moves it to its next status. */
  dispute({ id, latest_charge: charge, amount, currency, metadata }: Intent, step: string): void {
    const known = this.#disputes.get(id);
    const { status, types } = DISPUTE_EVENTS[step] ?? { status: step, types: ["updated"] };
    const fields = { amount, currency, charge, payment_intent: id, reason: "fraudulent", status };
    const dispute: Dispute = { id: known?.id ?? this.#newId("dp"), object: "dispute", ...fields };
    this.#disputes.set(id, dispute);
    for (const type of types) {
      this.#emit(`charge.dispute.${type}`, { ...dispute, metadata: {} }, metadata);
    }
  }
}

/** The parameters `metadata[name]`. */
const metadataIn = (params: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    [...params].flatMap(([name, value]) => {
      const [, key] = /^metadata\[(\w+)\]$/.exec(name) ?? [];
      return key === undefined ? [] : [[key, value]];
    }),
  );
