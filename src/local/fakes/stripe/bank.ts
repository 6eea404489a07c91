// The state of the fake Stripe: payment intents, charges and refunds, with Stripe's statuses, errors and events. The
// payment method decides the outcome of a charge. HTTP is in `server.ts`.
import { readAmount } from "./amounts.ts";
import { invalid, StripeFault, unexpectedState } from "./errors.ts";
import { DECLINES, known, methodIn, PENDING, receiptEmailIn } from "./methods.ts";
import { nextActionOf } from "./next-action.ts";
import type { Emit, Intent } from "./objects.ts";
import { FakeRefunds, type Refund } from "./refunds.ts";

/** The payments of one order. More than one charge means that the buyer paid twice. */
export interface OrderPayments {
  orderId: string;
  intents: number;
  charges: number;
  refunds: number;
  /** Amounts in Stripe's minor units. */
  amountCharged: number;
  amountRefunded: number;
  currency: string;
  /** Whether a payment can still succeed: it was neither completed nor cancelled. */
  isOpen: boolean;
}

const CONFIRMABLE: Intent["status"][] = [
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
];
const CANCELABLE: Intent["status"][] = [
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
];

/** Calls `emit` for every event. */
export class FakeStripeBank {
  readonly #intents = new Map<string, Intent>();
  readonly refunds: FakeRefunds;
  readonly #emit: Emit;
  /** By confirmation token: where its buyer returns. */
  readonly #returnUrls = new Map<string, string>();
  #ids = 0;

  constructor(emit: Emit) {
    this.#emit = emit;
    this.refunds = new FakeRefunds(emit, (prefix) => this.#id(prefix));
  }

  /** @throws StripeFault for an amount below 50 cents, an unknown payment method, or methods chosen in both ways */
  create(params: URLSearchParams): Intent {
    const { amount, currency } = readAmount(params);
    const method = params.get("payment_method");
    if (method !== null) known(method, "payment_method");
    const types = [...params].flatMap(([name, value]) =>
      name.startsWith("payment_method_types[") ? [value] : [],
    );
    if (types.length > 0 && params.has("automatic_payment_methods[enabled]")) {
      throw invalid(
        "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
      );
    }
    const id = this.#id("pi");
    const intent: Intent = {
      id,
      client_secret: `${id}_secret_fake`,
      object: "payment_intent",
      amount,
      amount_received: 0,
      currency,
      status: method === null ? "requires_payment_method" : "requires_confirmation",
      payment_method: method,
      payment_method_types: types.length > 0 ? types : ["card"],
      receipt_email: null,
      next_action: null,
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

  /** The intent that this client secret gives access to. */
  bySecret(clientSecret: string): Intent {
    const intent = this.intent(clientSecret.replace(/_secret_.*$/, ""));
    if (intent.client_secret === clientSecret) return intent;
    throw invalid("The client_secret provided does not match the PaymentIntent.");
  }

  confirm(id: string, params: URLSearchParams): Intent {
    const intent = this.intent(id);
    const method = methodIn(params) ?? intent.payment_method;
    if (!CONFIRMABLE.includes(intent.status)) throw unexpectedState("confirm", intent);
    if (!method) throw invalid("You cannot confirm this PaymentIntent without a payment method.");
    intent.receipt_email = receiptEmailIn(params) ?? intent.receipt_email;
    intent.payment_method = method;
    const decline = DECLINES[method];
    if (decline) throw this.#declined(intent, ...decline);
    const token = params.get("confirmation_token") ?? "";
    const returnUrl = params.get("return_url") ?? this.#returnUrls.get(token);
    intent.next_action = nextActionOf(method, intent.client_secret, returnUrl);
    intent.status = intent.next_action ? "requires_action" : "processing";
    if (intent.next_action || method === PENDING) {
      this.#emit(`payment_intent.${intent.status}`, { ...intent });
    } else this.finish(id);
    return intent;
  }

  /** The browser collected a payment method: the confirmation token `ctoken_x__1` is for the method `pm_x`. */
  collect(method: string, returnUrl: string): string {
    const token = this.#id(`ctoken_${method}_`);
    this.#returnUrls.set(token, returnUrl);
    return token;
  }

  /** The buyer answers the bank's question. Waits for this after `confirm`. */
  authenticate(id: string, isGood: boolean): void {
    const intent = this.intent(id);
    if (intent.status !== "requires_action") throw unexpectedState("authenticate", intent);
    if (isGood) this.finish(id);
    else {
      const code = "payment_intent_authentication_failure";
      this.#fail(intent, { type: "invalid_request_error", code, message: "Not authenticated." });
    }
  }

  /** Completes a payment that is `processing`. */
  finish(id: string): void {
    const intent = this.intent(id);
    const latest_charge = this.#id("ch");
    const next_action = null;
    Object.assign(intent, {
      status: "succeeded",
      next_action,
      amount_received: intent.amount,
      latest_charge,
    });
    this.#emit("payment_intent.succeeded", { ...intent });
  }

  cancel(id: string): Intent {
    const intent = this.intent(id);
    if (!CANCELABLE.includes(intent.status)) throw unexpectedState("cancel", intent);
    Object.assign(intent, { status: "canceled", next_action: null });
    this.#emit("payment_intent.canceled", { ...intent });
    return intent;
  }

  /** The intents of an order, newest first. */
  search(orderId: string): Intent[] {
    return this.#ofOrder(orderId).reverse();
  }

  /** An intent as the API shows it: with its charge in full if the caller expands it. */
  show(intent: Intent, expand: string[]): object {
    if (!expand.some((path) => path.endsWith("latest_charge"))) return intent;
    return { ...intent, latest_charge: intent.latest_charge && this.refunds.charge(intent) };
  }

  /** A refund as the API shows it. */
  showRefund(refund: Refund, expand: string[]): object {
    if (!expand.includes("charge")) return refund;
    return { ...refund, charge: this.refunds.charge(this.intent(refund.payment_intent)) };
  }

  paymentsOf(orderId: string): OrderPayments {
    const intents = this.#ofOrder(orderId);
    const refunds = intents.flatMap(({ id }) => this.refunds.of(id));
    const charged = intents.filter(({ latest_charge }) => latest_charge !== null);
    return {
      orderId,
      intents: intents.length,
      charges: charged.length,
      refunds: refunds.length,
      amountCharged: charged.reduce((sum, { amount }) => sum + amount, 0),
      amountRefunded: intents.reduce((sum, { id }) => sum + this.refunds.amountOf(id), 0),
      currency: intents[0]?.currency ?? "",
      isOpen: intents.some(({ status }) => status !== "succeeded" && status !== "canceled"),
    };
  }

  /** The payments of every order whose id starts with `prefix`. */
  statement(prefix: string): OrderPayments[] {
    const orders = [...this.#intents.values()].map(({ metadata }) => metadata.order_id ?? "");
    return [...new Set(orders)]
      .filter((orderId) => orderId.startsWith(prefix))
      .map((orderId) => this.paymentsOf(orderId));
  }

  #ofOrder(orderId: string): Intent[] {
    return [...this.#intents.values()].filter(({ metadata }) => metadata.order_id === orderId);
  }

  #declined(intent: Intent, code: string, decline_code: string): StripeFault {
    const error = { type: "card_error", code, decline_code, message: "Your card was declined." };
    this.#fail(intent, error);
    return new StripeFault(402, { ...error, charge: this.#id("ch"), payment_intent: intent });
  }

  #fail(intent: Intent, error: { type: string; code: string; message: string }): void {
    const status = "requires_payment_method";
    Object.assign(intent, {
      status,
      next_action: null,
      payment_method: null,
      last_payment_error: error,
    });
    this.#emit("payment_intent.payment_failed", { ...intent });
  }

  #id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}_fake${this.#ids}`;
  }
}
