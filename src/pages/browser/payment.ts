// Pays for an order on its own page: collects the card with Stripe.js, sends the token of the payment method to the
// server, which makes the charge, and lets the buyer answer the bank. A separate script that the page loads on demand.
import type { PaymentView } from "../../inventory/decide-pay.ts";
import type { Order } from "../../inventory/order.ts";
import { needsPayment } from "../copy/order.ts";
import type { ApiResponse, call } from "./api.ts";
import { CardFields } from "./card-fields.ts";
import { pause } from "./delay.ts";
import { part, setText } from "./dom.ts";
import { savedToken, saveToken } from "./payment-token.ts";
import { type ConfirmEvent, loadStripe, type StripeJs } from "./stripe-js.ts";

const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 16_000;

const FAILED =
  "The payment form didn't load. Your browser or network may be blocking Stripe. Your item is still reserved.";

/** The order's panel. */
export interface PayablePanel {
  readonly root: HTMLElement;
  readonly order: Order;
  refresh(): Promise<ApiResponse<Order>>;
}

/** Runs a request as the panel's Pay action: disables the buttons, and shows the answer or the reason for a refusal. */
export type RunPayment = (request: () => Promise<ApiResponse<Order>>) => Promise<void>;

interface Host {
  panel: PayablePanel;
  run: RunPayment;
  /** The page's own: it also synchronizes the clock. */
  call: typeof call;
}

export class CardPayment {
  readonly #slot: HTMLElement;
  readonly #host: Host;
  readonly #fields: CardFields;
  #stripe: StripeJs | undefined;
  #isLoading = false;
  /** The state of the payment at the last update. */
  #seen: Order["payment"];
  /** The token whose question this page has shown. It opens once without a press of Pay. */
  #answered: string | undefined;
  #usesOtherCard = false;

  constructor(slot: HTMLElement, host: Host) {
    this.#slot = slot;
    this.#host = host;
    this.#fields = new CardFields(slot, {
      confirm: (wallet) => void this.#pay(wallet),
      change: () => this.#update(),
      fail: () => this.#fail(),
    });
  }

  start(): void {
    const { root, order } = this.#host.panel;
    this.#seen = order.payment;
    part(root, "pay")?.addEventListener("submit", () => {
      void (this.#isAsked() ? this.#answerBank() : this.#pay());
    });
    part(this.#slot, "other-card")?.addEventListener("click", () => {
      if (root.dataset.busy) return;
      this.#usesOtherCard = true;
      this.#update();
    });
    part(this.#slot, "card-form-again")?.addEventListener("click", () => {
      this.#showFault("");
      void this.#load();
    });
    // The panel sets both attributes whenever it shows another version of the order.
    const attributeFilter = ["data-status", "data-payment"];
    new MutationObserver(() => this.#update()).observe(root, { attributeFilter });
    this.#update();
    if (needsPayment(order)) void this.#load();
  }

  /** Whether Pay leads to the bank's question rather than to another card. */
  #isAsked = () => this.#host.panel.order.payment === "action_required" && !this.#usesOtherCard;

  #update(): void {
    const { root, order } = this.#host.panel;
    const before = this.#seen;
    this.#seen = order.payment;
    if (order.payment !== "action_required") this.#usesOtherCard = false;
    if (!needsPayment(order)) return;
    if (!this.#stripe) {
      if (before !== order.payment) void this.#load();
      return;
    }
    const isAsked = this.#isAsked();
    this.#fields.toggle(!isAsked);
    if (!isAsked) this.#fields.mount(this.#stripe);
    part(this.#slot, "other-card")?.toggleAttribute("hidden", !isAsked);
    part(root, "pay-button")?.toggleAttribute("hidden", !isAsked && !this.#fields.isReady);
    const token = savedToken(order.id);
    const isNew = isAsked && before !== order.payment && token && token !== this.#answered;
    if (isNew) void this.#answerBank();
  }

  async #load(): Promise<void> {
    if (this.#stripe || this.#isLoading) return;
    this.#isLoading = true;
    const { stripeJs = "", key = "" } = this.#slot.dataset;
    try {
      this.#stripe = await loadStripe(stripeJs, key);
      this.#update();
    } catch {
      this.#fail();
    }
    this.#isLoading = false;
  }

  #fail(): void {
    this.#stripe = undefined;
    part(this.#host.panel.root, "pay-button")?.toggleAttribute("hidden", true);
    this.#showFault(FAILED);
  }

  #showFault(text: string): void {
    setText(part(this.#slot, "card-form-fault"), text);
    part(this.#slot, "card-form-again")?.toggleAttribute("hidden", !text);
  }

  /** Pays with what the buyer entered, or with a wallet. */
  async #pay(wallet?: ConfirmEvent): Promise<void> {
    const { panel, run, call } = this.#host;
    const stripe = this.#stripe;
    const fail = () => wallet?.paymentFailed?.({ reason: "fail" });
    if (!stripe || panel.root.dataset.busy) return fail();
    let token: string | undefined;
    await run(async () => {
      // A repetition after a new sign-in sends the same token: it can be used once only.
      if (!token) {
        const collected = await this.#fields.collect(stripe);
        if (collected.token === undefined) {
          fail();
          return refusal(collected.fault);
        }
        token = collected.token;
      }
      const { id } = panel.order;
      saveToken(id, token);
      return call<Order>("POST", `/orders/${id}/payment`, { body: { paymentToken: token } });
    });
  }

  /** Shows the bank's question, then makes the server look up the result, whatever the buyer answered. */
  async #answerBank(): Promise<void> {
    const { panel, run, call } = this.#host;
    const { id } = panel.order;
    const token = savedToken(id);
    this.#answered = token;
    await run(async () => {
      const found = await call<PaymentView>("GET", `/orders/${id}/payment`);
      if (!found.ok) return found as ApiResponse<never>;
      const { clientSecret } = found.body;
      if (clientSecret) await this.#stripe?.handleNextAction({ clientSecret });
      return token
        ? call<Order>("POST", `/orders/${id}/payment`, { body: { paymentToken: token } })
        : this.#pollAnswer();
    });
  }

  /** Another tab has the token, so the result comes by webhook. */
  async #pollAnswer(): Promise<ApiResponse<Order>> {
    const { panel } = this.#host;
    for (let wait = FIRST_LOOK_MS; ; wait *= 2) {
      await pause(wait);
      const answer = await panel.refresh();
      const isOpen = answer.ok && answer.body.payment === "action_required";
      if (!isOpen || wait >= LAST_LOOK_MS) return answer;
    }
  }
}

/** What Stripe.js refused, in the form of a refusal by the server. */
const refusal = (detail: string): ApiResponse<Order> => ({
  status: 400,
  ok: false,
  body: { detail } as ApiResponse<Order>["body"],
  retryAfter: 0,
});
