// The card of one item in the browser: its button, stock, messages, and the buyer's order.
import type { SaleState } from "../../catalog/sale-state.ts";
import type { Order } from "../../inventory/order.ts";
import type { Money } from "../../values/money.ts";
import { holdsUnits, needsPayment } from "../copy/order.ts";
import { limitText } from "../copy/refusal.ts";
import { buyButton, noneAvailable, type Offer, type Stock, stockText } from "../copy/sale.ts";
import type { Attempt } from "./attempt.ts";
import type { ChallengePanel } from "./challenge.ts";
import { part, setText } from "./dom.ts";
import { loadChallenge } from "./load-challenge.ts";
import { WORDING } from "./locale.ts";
import { mountOrder } from "./order-panel.ts";
import { closeSignIn } from "./sign-in.ts";
import { paintQuantity, panelTemplate, removePaymentChoice, updatePrice } from "./sku-offer.ts";
import { WORDS } from "./words.ts";

const { sale: SAID } = WORDS;

/** Everything that a card's appearance depends on, except the buyer's orders. */
export interface CardState {
  sale: SaleState;
  stock: Stock | undefined;
  notYet: Offer["notYet"];
  /** The stock may be stale, and a poll is in progress. */
  checking: boolean;
  busy: boolean;
  blocked: boolean;
  /** Seconds until the button may be used again. */
  wait: number;
  /** An attempt with an unknown outcome. */
  pending: Attempt | undefined;
  /** The server reported that the buyer reached the purchase limit. */
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
  /** Every order of the buyer that this page has shown, by ID. */
  readonly #orders = new Map<string, Order>();
  readonly #state: CardState = {
    sale: "upcoming",
    stock: undefined,
    notYet: undefined,
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
    // Use aria-disabled instead of disabled, which would drop the focus.
    this.#button.disabled = false;
  }

  /** Calls `buy` for each press that can buy; otherwise the card shows the reason. */
  onBuy(buy: (quantity: number) => void): void {
    part(this.root, "buy")?.addEventListener("submit", (event) => {
      event.preventDefault();
      const { why } = this.#buttonState();
      if (why === undefined) buy(this.#quantity());
      else if (why) this.showMessage(why, "wait");
    });
  }

  /** Whether the card shows the signed-out message. */
  get showsSignedOut(): boolean {
    return part(this.root, "message")?.textContent === SAID.signedOut;
  }

  /** The price or the name changed while the page was open. */
  update({ unitPrice, name }: { unitPrice?: Money | undefined; name?: string }): void {
    if (name) setText(this.root.querySelector("h2,h3"), name);
    const shown = unitPrice && updatePrice(this.root, unitPrice);
    // An existing order keeps its price, so its buyer needs no message.
    if (shown && !this.owns)
      this.showMessage(WORDING.fill(SAID.newPrice, { price: shown }), "wait");
  }

  /** The challenge panel of this item, loaded on first use. */
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

  /** Closes an open challenge or sign-in dialog. */
  closePrompts(): void {
    if (this.#challenge?.isOpen) this.#challenge.close();
    closeSignIn();
  }

  get owns(): boolean {
    return this.#units() > 0;
  }

  set(changes: Partial<CardState>): void {
    const { why } = this.#buttonState();
    Object.assign(this.#state, changes);
    // The card no longer says why nobody can buy once they can.
    const isOver = why && this.#buttonState().why !== why;
    if (isOver && part(this.root, "message")?.textContent === why) this.showMessage("");
    this.#paint();
  }

  showMessage(text: string, tone: "" | "bad" | "wait" = ""): void {
    const message = part(this.root, "message");
    if (!message) return;
    message.dataset.tone = tone;
    setText(message, text);
  }

  /** Shows an order of the buyer. `already`: it existed before this press. */
  show(order: Order, { focus = false, already = false } = {}): void {
    const panel = panelTemplate()?.firstElementChild?.cloneNode(true);
    if (!(panel instanceof HTMLElement)) return;
    part(this.root, "order-slot")?.replaceChildren(panel);
    removePaymentChoice(this.root);
    setText(part(panel, "order-kicker"), already ? SAID.already : SAID.yours);
    const onChange = (next: Order) => {
      this.order = next;
      this.#orders.set(next.id, next);
      this.root.dataset.owned = next.status;
      this.set(holdsUnits(next) ? {} : { full: false });
    };
    mountOrder(panel, order, { onChange, onRemove: (signedOut) => this.#clearAccount(signedOut) });
    if (focus) part(panel, "order-title")?.focus();
  }

  /** Another account is signed in, or nobody: clears everything about the previous account. */
  #clearAccount(signedOut: boolean): void {
    this.order = undefined;
    this.#orders.clear();
    delete this.root.dataset.owned;
    this.set({ full: false, blocked: false });
    this.showMessage(signedOut ? SAID.signedOut : SAID.otherAccount, "wait");
  }

  #quantity = () => this.#state.pending?.quantity ?? Number(this.#select?.value ?? 1);

  #units(): number {
    let units = 0;
    for (const order of this.#orders.values()) if (holdsUnits(order)) units += order.quantity;
    return units;
  }

  /** Units that this buyer may still buy, by the orders on this page. */
  #allowance = () => (this.#state.full ? 0 : this.#limit - this.#units());

  #buttonState() {
    const { pending, busy, checking, ...state } = this.#state;
    return buyButton(
      {
        ...state,
        busy: busy || checking,
        pending: pending !== undefined,
        another: this.owns,
      },
      WORDING,
    );
  }

  #paint(): void {
    const { sale, stock, busy, checking, pending } = this.#state;
    const { label, why } = this.#buttonState();
    const used = this.#allowance() <= 0;
    // Do not tell the buyer of the last unit that the item is sold out.
    const has = this.owns && noneAvailable(stock);
    const paysFirst = this.order !== undefined && needsPayment(this.order);
    const form = part(this.root, "buy");
    if (form) form.hidden = this.#challenge?.isOpen || (!pending && (used || has || paysFirst));
    this.#button.setAttribute("aria-disabled", String(why !== undefined));
    this.#button.setAttribute("aria-busy", String(busy || checking));
    setText(this.#button, label);
    setText(part(this.root, "left"), has ? "" : stockText(stock, sale, WORDING));
    const note = sale === "closed" || paysFirst ? "" : this.#note;
    setText(part(this.root, "note"), used && !paysFirst ? limitText(WORDING, this.#limit) : note);
    // The picker of a product reads these.
    this.root.dataset.available = `${stock?.available}`;
    this.root.dataset.stock = stock?.state ?? "";
    // If none is left, a unit that comes back may be this buyer's.
    const most = Math.min(this.#allowance(), stock?.available || this.#limit);
    if (this.#select) paintQuantity(this.#select, busy, pending?.quantity, most);
  }
}
