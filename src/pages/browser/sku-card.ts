// One item of a sale: its Buy button, what the buyer is told, and the order once there is one.
import { type Answer, call, jitter, type Order, pause, pauseOrOnline } from "./api.ts";
import { attemptFor, beginAttempt, keepAttempt, onOtherTab } from "./attempts.ts";
import { correct } from "./clock.ts";
import { mountOrder } from "./order-panel.ts";
import { outcomeOf } from "./outcome.ts";
import { signIn } from "./sign-in.ts";

export type SaleState = "upcoming" | "open" | "closed";
/** What is left, as the live answer says it. */
export interface Stock {
  available: number;
  state?: string;
}

/** Tries of one press that may go by themselves: the key makes them safe, the limit keeps them few. */
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
/** After a reload, an attempt this young is taken up again: the buyer is still waiting for it. */
const RESUME_MS = 120_000;
const LOW_STOCK = 10;

export class SkuCard {
  readonly skuId: string;
  readonly #root: HTMLElement;
  readonly #button: HTMLButtonElement;
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
    this.#button = root.querySelector("[data-buy] button") as HTMLButtonElement;
    this.#onContradiction = onContradiction;
    // Focus must survive every state: the button is marked, never disabled.
    this.#button.disabled = false;
    root.querySelector("[data-buy]")?.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#canBuy()) void this.#buy();
    });
    onOtherTab(this.skuId, () => {
      const orderId = attemptFor(this.skuId)?.orderId;
      if (orderId && !this.#busy) void this.#find(orderId);
    });
    void this.#restore();
  }

  update(sale: SaleState, stock: Stock | undefined): void {
    this.#sale = sale;
    if (stock) this.#stock = stock;
    this.#paint();
  }

  #soldOut = (): boolean => this.#stock?.available === 0 || this.#stock?.state === "sold_out";

  #canBuy(): boolean {
    const free = !this.#busy && !this.#blocked && this.#wait === 0;
    return free && this.#sale === "open" && !this.#soldOut();
  }

  #label(): string {
    if (this.#busy) return "One moment…";
    if (this.#sale === "upcoming") return "Not open yet";
    if (this.#sale === "closed") return "Sale ended";
    if (this.#soldOut()) return "Sold out";
    if (this.#wait > 0) return `Try again in ${this.#wait} s`;
    return this.#order?.status === "confirmed" ? "Buy another" : "Buy now";
  }

  #paint(): void {
    this.#button.setAttribute("aria-disabled", String(!this.#canBuy()));
    setText(this.#button, this.#label());
    const { stock } = this.#root.dataset;
    const text = this.#stockText();
    if (text) setText(this.#part("stock"), text);
    const level = this.#soldOut() ? "out" : text?.startsWith("Only") ? "low" : "";
    if (stock !== level) this.#root.dataset.stock = level;
  }

  #stockText(): string | undefined {
    if (!this.#stock || this.#sale === "closed") return undefined;
    if (this.#soldOut()) return "Sold out. Units that are not paid in time come back.";
    const { available } = this.#stock;
    return available <= LOW_STOCK ? `Only ${available} left` : `${available} available`;
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
    const attempt = beginAttempt(this.skuId, quantity);
    this.#busy = true;
    this.#tell("");
    this.#paint();
    try {
      await this.#send(attempt.key, attempt.quantity);
    } finally {
      this.#busy = false;
      this.#paint();
    }
  }

  /** Sends the attempt until it has a true answer. Every try carries the same key. */
  async #send(key: string, quantity: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const answer = await call<Order>("POST", `/skus/${this.skuId}/orders`, {
        body: { quantity },
        headers: { "idempotency-key": key },
      });
      if (answer.status === 401 && (await signIn())) continue;
      const passing = answer.status === 0 || answer.status === 503;
      if (!passing || tries >= MAX_TRIES) return this.#settle(answer);
      const wait = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), MAX_PAUSE_MS);
      this.#tell(
        answer.status === 0
          ? "No connection. We go on as soon as you are back online; you cannot buy twice."
          : "Very busy right now. Your place is kept, we try again in a moment.",
        "wait",
      );
      const least = answer.retryAfter * 1_000;
      if (least) await pause(least + jitter(FIRST_PAUSE_MS));
      else await pauseOrOnline(wait + jitter(FIRST_PAUSE_MS));
    }
  }

  #settle(answer: Answer<Order>): void {
    if (answer.ok) {
      this.#show(answer.body, true);
      return;
    }
    const outcome = outcomeOf(answer.status, answer.body, answer.retryAfter);
    this.#tell(outcome.text, outcome.tone);
    if (outcome.over) keepAttempt(this.skuId, undefined);
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
      await pause(1_000);
    }
    // Those who were refused together do not come back together.
    await pause(jitter(FIRST_PAUSE_MS));
    this.#tell("");
    this.#paint();
  }

  /** After a reload, or when another tab bought: shows the order, or takes the attempt up again. */
  async #restore(): Promise<void> {
    const attempt = attemptFor(this.skuId);
    if (!attempt || this.#busy) return;
    if (attempt.orderId) return this.#find(attempt.orderId);
    if (Date.now() - attempt.at < RESUME_MS) return this.#buy();
    keepAttempt(this.skuId, undefined);
  }

  async #find(orderId: string): Promise<void> {
    if (this.#order?.id === orderId) return;
    const answer = await call<Order>("GET", `/orders/${orderId}`);
    if (answer.ok) this.#show(answer.body, false);
    else if (answer.status === 404 || answer.status === 401) keepAttempt(this.skuId, undefined);
  }

  #show(order: Order, focus: boolean): void {
    const known = attemptFor(this.skuId);
    if (known) keepAttempt(this.skuId, { ...known, orderId: order.id });
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
