// One item of a sale as the buyer sees it: its button, what is left, what they are told, their order.
import type { SaleState } from "../../catalog/sale-state.ts";
import type { Order } from "../../inventory/order.ts";
import type { Money } from "../../money.ts";
import { isAlive, needsPayment } from "../copy/order.ts";
import { limitText } from "../copy/refusal.ts";
import { buyWords, noneFree, type Stock, stockWords } from "../copy/sale.ts";
import type { Attempt } from "./attempt.ts";
import type { ChallengePanel } from "./challenge.ts";
import { part, setText } from "./dom.ts";
import { loadChallenge } from "./load-challenge.ts";
import { mountOrder } from "./order-panel.ts";
import { closeSignIn } from "./sign-in.ts";
import { forgetPayment, panelTemplate, reprice } from "./sku-offer.ts";

const SIGNED_OUT = "You are signed out. Press Buy and sign in to see your order.";
const SOMEBODY_ELSE = "A different account is signed in now.";

/** All that the looks of a card depend on, beside the buyer's orders. */
export interface CardState {
  sale: SaleState;
  stock: Stock | undefined;
  /** What is shown may be old, and the server is being asked. */
  checking: boolean;
  busy: boolean;
  blocked: boolean;
  /** Seconds until the button may be used again. */
  wait: number;
  /** An attempt of which nobody knows what became. */
  pending: Attempt | undefined;
  /** The server said that the buyer's allowance is used up. */
  full: boolean;
}

export class SkuCard {
  readonly skuId: string;
  /** The order shown. */
  order: Order | undefined;
  #challenge: ChallengePanel | undefined;
  readonly root: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #select: HTMLSelectElement | null;
  readonly #note: string;
  readonly #limit: number;
  /** Every order of the buyer's that this page has met. */
  readonly #orders = new Map<string, Order>();
  readonly #state: CardState = {
    sale: "upcoming",
    stock: undefined,
    checking: false,
    busy: false,
    blocked: false,
    wait: 0,
    pending: undefined,
    full: false,
  };

  constructor(root: HTMLElement) {
    this.skuId = root.dataset.sku ?? "";
    this.root = root;
    this.#button = root.querySelector("[data-buy] button") as HTMLButtonElement;
    this.#select = root.querySelector("select");
    this.#limit = Number(root.dataset.limit);
    this.#note = part(root, "note")?.textContent ?? "";
    // Focus must survive every state: the button is marked, never disabled.
    this.#button.disabled = false;
  }

  /** Calls `buy` for each press of a button that can buy; the card itself says why another cannot. */
  onBuy(buy: (quantity: number) => void): void {
    part(this.root, "buy")?.addEventListener("submit", (event) => {
      event.preventDefault();
      const { why } = this.#words();
      if (why === undefined) buy(this.#quantity());
      else if (why) this.tell(why, "wait");
    });
  }

  /** Whether the card says that the visitor is signed out. */
  get saysSignedOut(): boolean {
    return part(this.root, "message")?.textContent === SIGNED_OUT;
  }

  /** The price or the name changed while the page was open. */
  update({ unitPrice, name }: { unitPrice?: Money | undefined; name?: string }): void {
    if (name) setText(this.root.querySelector("h2"), name);
    const shown = unitPrice && reprice(this.root, unitPrice);
    // An order keeps its own price.
    if (shown && !this.owns) this.tell(`The price is now ${shown}.`, "wait");
  }

  /** Where a challenge of this item is shown. */
  async challenge(): Promise<ChallengePanel | undefined> {
    this.#challenge ??= await loadChallenge(
      part(this.root, "challenge-slot") as HTMLElement,
      () => {
        this.set({});
        if (!this.#challenge?.isOpen) this.#button.focus();
      },
    );
    return this.#challenge;
  }

  /** What the buyer is asked here need not be answered any more. */
  stopAsking(): void {
    if (this.#challenge?.isOpen) this.#challenge.close();
    closeSignIn();
  }

  get owns(): boolean {
    return this.#units() > 0;
  }

  set(changes: Partial<CardState>): void {
    Object.assign(this.#state, changes);
    this.#paint();
  }

  tell(text: string, tone: "" | "bad" | "wait" = ""): void {
    const message = part(this.root, "message");
    if (!message) return;
    message.dataset.tone = tone;
    setText(message, text);
  }

  /** Shows an order of the buyer's. `already`: they had it before this press. */
  show(order: Order, { focus = false, already = false } = {}): void {
    const panel = panelTemplate()?.firstElementChild?.cloneNode(true);
    if (!(panel instanceof HTMLElement)) return;
    part(this.root, "order-slot")?.replaceChildren(panel);
    forgetPayment(this.root);
    setText(part(panel, "order-kicker"), already ? "You already have this" : "Your order");
    const onChange = (next: Order) => {
      this.order = next;
      this.#orders.set(next.id, next);
      this.root.dataset.owned = next.status;
      this.set(isAlive(next) ? {} : { full: false });
    };
    mountOrder(panel, order, { onChange, onLeave: (signedOut) => this.#leave(signedOut) });
    if (focus) part(panel, "order-title")?.focus();
  }

  /** The visitor is another one: nothing of what the one before had or was told stays. */
  #leave(signedOut: boolean): void {
    this.order = undefined;
    this.#orders.clear();
    delete this.root.dataset.owned;
    this.set({ full: false, blocked: false });
    this.tell(signedOut ? SIGNED_OUT : SOMEBODY_ELSE, "wait");
  }

  #quantity = () => this.#state.pending?.quantity ?? Number(this.#select?.value ?? 1);

  #units(): number {
    const orders = [...this.#orders.values()].filter(isAlive);
    return orders.reduce((sum, { quantity }) => sum + quantity, 0);
  }

  /** Units this buyer may still buy, as far as this page knows. */
  #allowance = () => (this.#state.full ? 0 : this.#limit - this.#units());

  #words() {
    const { pending, busy, checking, ...state } = this.#state;
    return buyWords({
      ...state,
      busy: busy || checking,
      pending: pending !== undefined,
      another: this.owns,
    });
  }

  #paint(): void {
    const { sale, stock, busy, checking, pending } = this.#state;
    const { label, why } = this.#words();
    const used = this.#allowance() <= 0;
    // Who has one of the last does not read that all is gone.
    const has = this.owns && noneFree(stock);
    const paysFirst = this.order !== undefined && needsPayment(this.order);
    const form = part(this.root, "buy");
    if (form) form.hidden = this.#challenge?.isOpen || (!pending && (used || has || paysFirst));
    this.#button.setAttribute("aria-disabled", String(why !== undefined));
    this.#button.setAttribute("aria-busy", String(busy || checking));
    setText(this.#button, label);
    setText(part(this.root, "left"), has ? "" : stockWords(stock, sale));
    const note = sale === "closed" || paysFirst ? "" : this.#note;
    setText(part(this.root, "note"), used && !paysFirst ? limitText(this.#limit) : note);
    this.root.dataset.stock = stock?.state ?? "";
    this.#paintQuantity();
  }

  /** The quantity belongs to the attempt while there is one; later it is what is still allowed. */
  #paintQuantity(): void {
    const { busy, pending } = this.#state;
    if (!this.#select) return;
    this.#select.disabled = busy || pending !== undefined;
    const allowance = this.#allowance();
    if (pending) this.#select.value = String(pending.quantity);
    else if (this.#quantity() > allowance && allowance > 0) this.#select.value = String(allowance);
    for (const option of this.#select.options) option.disabled = Number(option.value) > allowance;
  }
}
