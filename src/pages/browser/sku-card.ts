// One item of a sale: its Buy button, what the buyer is told, and the order once there is one.
import { type Answer, call, jitter, type Order, pause } from "./api.ts";
import { attemptBecame, attemptFor, beginAttempt, forget, onOtherTab } from "./attempts.ts";
import { ChallengePanel } from "./challenge.ts";
import { correct } from "./clock.ts";
import { mountOrder } from "./order-panel.ts";
import { outcomeOf } from "./outcome.ts";
import { send } from "./send.ts";
import { isLow, isSoldOut, type SaleState, type Stock, stockWords } from "./stock.ts";
import { needsPayment } from "./words.ts";

/** After a reload, an attempt this young is taken up again: the buyer is still waiting for it. */
const RESUME_MS = 120_000;
const SPREAD_MS = 1_000;

export class SkuCard {
  readonly skuId: string;
  readonly #root: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #form: HTMLElement;
  readonly #panel: ChallengePanel;
  #sale: SaleState = "upcoming";
  #stock: Stock | undefined;
  #busy = false;
  #blocked = false;
  /** Seconds until the button may be used again, after a 429. */
  #wait = 0;
  #order: Order | undefined;
  #onContradiction: () => void;

  constructor(root: HTMLElement, onContradiction: () => void) {
    this.skuId = root.dataset.sku ?? "";
    this.#root = root;
    this.#form = root.querySelector("[data-buy]") as HTMLElement;
    this.#button = root.querySelector("[data-buy] button") as HTMLButtonElement;
    this.#onContradiction = onContradiction;
    const slot = this.#part("challenge-slot") as HTMLElement;
    this.#panel = new ChallengePanel(slot, () => {
      this.#paint();
      if (!this.#panel.isOpen) this.#button.focus();
    });
    // Focus must survive every state: the button is marked, never disabled.
    this.#button.disabled = false;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#canBuy()) void this.#buy();
    });
    onOtherTab(this.skuId, (orderId) => {
      if (this.#panel.isOpen) this.#panel.close();
      else if (!this.#busy) void this.#find(orderId);
    });
    void this.#restore();
  }

  update(sale: SaleState, stock: Stock | undefined): void {
    this.#sale = sale;
    if (stock) this.#stock = stock;
    this.#paint();
  }

  #canBuy(): boolean {
    const free = !this.#busy && !this.#blocked && this.#wait === 0;
    return free && this.#sale === "open" && !isSoldOut(this.#stock);
  }

  #label(): string {
    if (this.#busy) return "One moment…";
    if (this.#sale === "upcoming") return "Not open yet";
    if (this.#sale === "closed") return "Sale ended";
    if (isSoldOut(this.#stock)) return "Sold out";
    if (this.#wait > 0) return `Try again in ${this.#wait} s`;
    return this.#order?.status === "confirmed" ? "Buy another" : "Buy now";
  }

  #paint(): void {
    this.#form.hidden = this.#hasEnough() || this.#panel.isOpen;
    this.#button.setAttribute("aria-disabled", String(!this.#canBuy()));
    setText(this.#button, this.#label());
    const text = stockWords(this.#stock, this.#sale);
    if (text) setText(this.#part("left"), text);
    this.#root.dataset.stock = isSoldOut(this.#stock) ? "out" : isLow(this.#stock) ? "low" : "";
  }

  /** Paying comes first, and who has their allowance needs no button. */
  #hasEnough(): boolean {
    const order = this.#order;
    if (!order || !["reserved", "confirmed"].includes(order.status)) return false;
    return needsPayment(order) || order.quantity >= Number(this.#root.dataset.limit);
  }

  #part = (name: string) => this.#root.querySelector<HTMLElement>(`[data-${name}]`);

  #tell(text: string, tone = ""): void {
    const message = this.#part("message");
    if (!message) return;
    message.dataset.tone = tone;
    setText(message, text);
  }

  async #buy(): Promise<void> {
    const quantity = Number(this.#root.querySelector("select")?.value ?? 1);
    this.#busy = true;
    this.#tell("");
    this.#paint();
    try {
      let attempt = await beginAttempt(this.skuId, quantity, this.#order?.id);
      if (attempt.orderId) {
        if (await this.#find(attempt.orderId, true)) return;
        attempt = await beginAttempt(this.skuId, quantity, attempt.orderId);
      }
      const tell = (text: string) => this.#tell(text, "wait");
      const answer = await send(this.skuId, attempt, this.#panel, tell);
      if (answer) this.#settle(answer);
      else await this.#gaveUp();
    } finally {
      this.#busy = false;
      this.#paint();
    }
  }

  /** The challenge was cancelled, or another tab was faster and this one need not solve it, too. */
  async #gaveUp(): Promise<void> {
    const orderId = (await attemptFor(this.skuId))?.orderId;
    if (orderId && (await this.#find(orderId, true))) return;
    await forget(this.skuId);
    this.#tell("Cancelled. Nothing was ordered.", "wait");
  }

  #settle(answer: Answer<Order>): void {
    if (answer.ok) {
      this.#show(answer.body, true);
      return;
    }
    const outcome = outcomeOf(answer.status, answer.body, answer.retryAfter);
    this.#tell(outcome.text, outcome.tone);
    if (outcome.over) void forget(this.skuId);
    if (outcome.available !== undefined) this.#stock = { available: outcome.available };
    if (outcome.blocked) this.#blocked = true;
    if (outcome.closed) this.#sale = "closed";
    if (outcome.wait) void this.#countDown(outcome.wait);
    if (outcome.orderId) void this.#find(outcome.orderId);
    if (outcome.serverTime) {
      correct(outcome.serverTime);
      this.#onContradiction();
    }
  }

  async #countDown(seconds: number): Promise<void> {
    for (this.#wait = Math.ceil(seconds); this.#wait > 0; this.#wait -= 1) {
      this.#paint();
      // Those who were refused together do not come back together.
      await pause(1_000 + (this.#wait > 1 ? 0 : jitter(SPREAD_MS)));
    }
    this.#tell("");
    this.#paint();
  }

  /** After a reload, or when another tab bought: shows the order, or takes the attempt up again. */
  async #restore(): Promise<void> {
    const attempt = await attemptFor(this.skuId);
    if (!attempt || this.#busy) return;
    if (attempt.orderId) await this.#find(attempt.orderId);
    else if (Date.now() - attempt.at < RESUME_MS) await this.#buy();
    else await forget(this.skuId);
  }

  /** Shows an order the buyer has. False when it is none any more; then it is forgotten, too. */
  async #find(orderId: string, focus = false): Promise<boolean> {
    if (this.#order?.id === orderId) return true;
    const answer = await call<Order>("GET", `/orders/${orderId}`);
    const { status } = answer.body as Partial<Order>;
    const alive = status === "reserved" || status === "confirmed";
    if (alive) this.#show(answer.body, focus);
    else if (answer.ok || [401, 404].includes(answer.status)) await forget(this.skuId);
    return alive;
  }

  #show(order: Order, focus: boolean): void {
    void attemptBecame(this.skuId, order.id);
    const template = document.querySelector<HTMLTemplateElement>("template#order-panel");
    const slot = this.#part("order-slot");
    const panel = template?.content.firstElementChild?.cloneNode(true);
    if (!(panel instanceof HTMLElement) || !slot) return;
    this.#tell("");
    slot.replaceChildren(panel);
    mountOrder(panel, order, (next) => {
      this.#order = next;
      this.#root.dataset.owned = next.status;
      this.#paint();
    });
    if (focus) panel.querySelector<HTMLElement>("[data-order-title]")?.focus();
  }
}

function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}
