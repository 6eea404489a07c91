// Pays for an order on its own page: collects the card with Stripe.js, sends the token of the payment method to the
// server, which makes the charge, and lets the buyer answer the bank. A separate script that the page loads on demand.
import type { PaymentView } from "../../inventory/decide-pay.ts";
import type { Order } from "../../inventory/order.ts";
import { needsPayment } from "../copy/order.ts";
import type { ApiResponse, call } from "./api.ts";
import { CardFields } from "./card-fields.ts";
import { pause } from "./delay.ts";
import { part } from "./dom.ts";
import { savedToken, saveToken } from "./payment-token.ts";
import type { ConfirmEvent } from "./stripe-js.ts";
import { WORDS } from "./words.ts";

export { mountCardChoice } from "./card-choice.ts";

/** The server removes Stripe's parameters from the address of a buyer who comes back from their bank, and adds this. */
const RETURNED = "#returned";
const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 16_000;

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
  /** The state of the payment at the last update. */
  #seen: Order["payment"];
  /** The token whose question this page has shown. It opens once without a press of Pay. */
  #answered: string | undefined;
  #usesOtherCard = false;

  constructor(slot: HTMLElement, host: Host) {
    this.#slot = slot;
    this.#host = host;
    this.#fields = new CardFields(slot, {
      returnUrl: `${location.origin}/orders/${host.panel.order.id}`,
      failed: WORDS.card.payFailed,
      confirm: (wallet) => void this.#pay(wallet),
      change: () => this.#update(),
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
    // The panel sets these attributes whenever it shows another version of the order.
    const attributeFilter = ["data-status", "data-payment"];
    new MutationObserver(() => this.#update()).observe(root, { attributeFilter });
    this.#update();
    if (needsPayment(order)) void this.#fields.load();
    if (location.hash === RETURNED) this.#comeBack();
  }

  /** Whether Pay leads to the bank's question rather than to another card. */
  #isAsked = () => this.#host.panel.order.payment === "action_required" && !this.#usesOtherCard;

  #update(): void {
    const { root, order } = this.#host.panel;
    const before = this.#seen;
    this.#seen = order.payment;
    if (order.payment !== "action_required") this.#usesOtherCard = false;
    if (!needsPayment(order)) return;
    const fields = this.#fields;
    const isAsked = this.#isAsked();
    if (fields.stripe) fields.show(!isAsked);
    else if (before !== order.payment) void fields.load();
    const canPay = fields.stripe && (isAsked || fields.isReady);
    part(root, "pay-button")?.toggleAttribute("hidden", !canPay);
    const offersOther = fields.stripe && isAsked && order.attemptsLeft !== 0;
    part(this.#slot, "other-card")?.toggleAttribute("hidden", !offersOther);
    const token = savedToken(order.id);
    const isNew = isAsked && before !== order.payment && token && token !== this.#answered;
    if (fields.stripe && isNew) void this.#answerBank();
  }

  /** Pays with what the buyer entered, or with a wallet. */
  async #pay(wallet?: ConfirmEvent): Promise<void> {
    const { panel, run, call } = this.#host;
    const fail = () => wallet?.paymentFailed?.({ reason: "fail" });
    if (!this.#fields.stripe || panel.root.dataset.busy) return fail();
    let token: string | undefined;
    await run(async () => {
      // A repetition after a new sign-in sends the same token: it can be used once only.
      if (!token) {
        const collected = await this.#fields.collect();
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
    this.#answered = savedToken(id);
    await run(async () => {
      const found = await call<PaymentView>("GET", `/orders/${id}/payment`);
      if (!found.ok) return found as ApiResponse<never>;
      const { clientSecret } = found.body;
      if (clientSecret) {
        await Promise.race([this.#fields.stripe?.handleNextAction({ clientSecret }), backHere()]);
      }
      return this.#lookUp();
    });
  }

  /**
   * The buyer comes back from their bank's own page. The address proves nothing, so the server looks the result up. A
   * question that is still open is not asked again at once: the buyer may have left it on purpose.
   */
  #comeBack(): void {
    const { panel, run } = this.#host;
    history.replaceState(null, "", location.pathname);
    if (panel.order.payment !== "action_required") return;
    this.#answered = savedToken(panel.order.id);
    void run(() => this.#lookUp());
  }

  async #lookUp(): Promise<ApiResponse<Order>> {
    const { panel, call } = this.#host;
    const { id } = panel.order;
    const paymentToken = savedToken(id);
    if (!paymentToken) return this.#pollAnswer();
    const answer = await call<Order>("POST", `/orders/${id}/payment`, { body: { paymentToken } });
    // Refused if Stripe reported the result first, or the hold ended.
    return answer.status === 409 ? panel.refresh() : answer;
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

/** Resolves when the browser shows this page again as it was: the buyer went back from their bank's own page. */
const backHere = (): Promise<void> =>
  new Promise((resolve) => {
    addEventListener("pageshow", ({ persisted }) => persisted && resolve());
  });

/** A refusal by Stripe.js, in the form of a refusal by the server. */
const refusal = (detail: string): ApiResponse<Order> => ({
  status: 400,
  ok: false,
  body: { detail } as ApiResponse<Order>["body"],
  retryAfter: 0,
});
