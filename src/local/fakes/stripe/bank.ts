// The state of the fake Stripe: payment intents, charges and refunds, with Stripe's statuses, errors and events. The
// payment method decides the outcome of a charge. HTTP is in `server.ts`.
import { readAmount } from "./amounts.ts";
import { invalid, StripeFault, unexpectedState } from "./errors.ts";

/** The object of an event, with the metadata of its order. */
export type EventObject = { metadata: Record<string, string> } & Record<string, unknown>;

export interface Intent {
  id: string;
  object: "payment_intent";
  amount: number;
  amount_received: number;
  currency: string;
  status:
    | "requires_payment_method"
    | "requires_confirmation"
    | "requires_action"
    | "processing"
    | "succeeded"
    | "canceled";
  payment_method: string | null;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  metadata: Record<string, string>;
  created: number;
  livemode: false;
}

/** The payments of one order. More than one charge means that the buyer paid twice. */
export interface OrderPayments {
  orderId: string;
  intents: number;
  charges: number;
  refunds: number;
  amountCharged: number;
  amountRefunded: number;
}

/** Payment methods that are declined, with `code` and `decline_code`. The names are those of Stripe's test methods. */
const DECLINES: Record<string, [code: string, declineCode: string]> = {
  pm_card_chargeDeclined: ["card_declined", "generic_decline"],
  pm_card_visa_chargeDeclinedInsufficientFunds: ["card_declined", "insufficient_funds"],
  pm_card_visa_chargeDeclinedLostCard: ["card_declined", "lost_card"],
  pm_card_visa_chargeDeclinedFraudulent: ["card_declined", "fraudulent"],
  pm_card_chargeDeclinedExpiredCard: ["expired_card", "expired_card"],
  pm_card_chargeDeclinedIncorrectCvc: ["incorrect_cvc", "incorrect_cvc"],
  pm_card_chargeDeclinedProcessingError: ["processing_error", "processing_error"],
  pm_card_authenticationRequired: ["authentication_required", "authentication_not_handled"],
};

/** Stays `processing` until `finish`, like a bank debit. */
const PENDING = "pm_fake_pending";
const CANCELABLE: Intent["status"][] = [
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
];

/** Calls `emit` for every event. */
export class FakeStripeBank {
  readonly #intents = new Map<string, Intent>();
  readonly #refunds = new Map<string, { amount: number }>();
  readonly #emit: (type: string, object: EventObject) => void;
  #ids = 0;

  constructor(emit: (type: string, object: EventObject) => void) {
    this.#emit = emit;
  }

  /** @throws StripeFault for an amount below 50 cents or an unknown payment method */
  create(params: URLSearchParams): Intent {
    const { amount, currency } = readAmount(params);
    const method = params.get("payment_method") ?? "";
    if (!/^pm_(card|fake)_/.test(method)) {
      const message = `No such PaymentMethod: '${method}'`;
      throw invalid(message, { code: "resource_missing", param: "payment_method" });
    }
    const intent: Intent = {
      id: this.#id("pi"),
      object: "payment_intent",
      amount,
      amount_received: 0,
      currency,
      status: "requires_confirmation",
      payment_method: method,
      last_payment_error: null,
      latest_charge: null,
      metadata: {
        order_id: params.get("metadata[order_id]") ?? "",
        user_id: params.get("metadata[user_id]") ?? "",
      },
      created: Math.floor(Date.now() / 1_000),
      livemode: false,
    };
    this.#intents.set(intent.id, intent);
    return intent;
  }

  intent(id: string): Intent {
    const intent = this.#intents.get(id);
    if (intent) return intent;
    const message = `No such payment_intent: '${id}'`;
    const error = { type: "invalid_request_error", code: "resource_missing", param: "intent" };
    throw new StripeFault(404, { ...error, message });
  }

  confirm(id: string, params: URLSearchParams): Intent {
    const intent = this.intent(id);
    if (intent.status !== "requires_confirmation") throw unexpectedState("confirm", intent);
    const decline = DECLINES[intent.payment_method ?? ""];
    const [code] = decline ?? [];
    if (code === "authentication_required" && params.get("error_on_requires_action") !== "true") {
      intent.status = "requires_action";
      return intent;
    }
    if (decline) throw this.#declined(intent, ...decline);
    intent.status = "processing";
    if (intent.payment_method !== PENDING) this.finish(id);
    return intent;
  }

  /** Completes a payment that is `processing`. */
  finish(id: string): void {
    const intent = this.intent(id);
    const latest_charge = this.#id("ch");
    Object.assign(intent, { status: "succeeded", amount_received: intent.amount, latest_charge });
    this.#emit("payment_intent.succeeded", { ...intent });
  }

  cancel(id: string): Intent {
    const intent = this.intent(id);
    if (!CANCELABLE.includes(intent.status)) throw unexpectedState("cancel", intent);
    intent.status = "canceled";
    this.#emit("payment_intent.canceled", { ...intent });
    return intent;
  }

  /** The intents of an order, newest first. */
  search(orderId: string): Intent[] {
    return this.#ofOrder(orderId).reverse();
  }

  /** Refunds the full amount. @throws StripeFault without a charge or after an earlier refund */
  refund(intentId: string): object {
    const intent = this.intent(intentId);
    const { latest_charge: charge, amount, currency, metadata } = intent;
    if (!charge) {
      throw invalid(
        `This PaymentIntent (${intentId}) does not have a successful charge to refund.`,
      );
    }
    if (this.#refunds.has(intentId)) {
      const message = `Charge ${charge} has already been refunded.`;
      throw invalid(message, { code: "charge_already_refunded" });
    }
    this.#refunds.set(intentId, { amount });
    const refunded = { amount, amount_refunded: amount, refunded: true, metadata };
    this.#emit("charge.refunded", { id: charge, object: "charge", ...refunded });
    const refund = { id: this.#id("re"), object: "refund", amount, currency, charge };
    return { ...refund, payment_intent: intentId, status: "succeeded" };
  }

  paymentsOf(orderId: string): OrderPayments {
    const intents = this.#ofOrder(orderId);
    const refunds = intents.flatMap(({ id }) => this.#refunds.get(id) ?? []);
    const charged = intents.filter(({ latest_charge }) => latest_charge !== null);
    return {
      orderId,
      intents: intents.length,
      charges: charged.length,
      refunds: refunds.length,
      amountCharged: charged.reduce((sum, { amount }) => sum + amount, 0),
      amountRefunded: refunds.reduce((sum, { amount }) => sum + amount, 0),
    };
  }

  #ofOrder(orderId: string): Intent[] {
    return [...this.#intents.values()].filter(({ metadata }) => metadata.order_id === orderId);
  }

  #declined(intent: Intent, code: string, decline_code: string): StripeFault {
    const error = { type: "card_error", code, decline_code, message: "Your card was declined." };
    Object.assign(intent, { status: "requires_payment_method", payment_method: null });
    intent.last_payment_error = error;
    this.#emit("payment_intent.payment_failed", { ...intent });
    return new StripeFault(402, { ...error, charge: this.#id("ch"), payment_intent: intent });
  }

  #id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}_fake${this.#ids}`;
  }
}
