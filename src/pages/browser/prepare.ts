// Entering a card before the opening, in the ready room: each paid item leads to the page that collects one, and says whether a
// card is ready. A press of Buy then sends its token with the order, as a payment that was chosen in the item's form.
import { part, setText } from "./dom.ts";
import type { PanelHost } from "./panel-host.ts";
import { fitOf, forgetPrepared, type PreparedCard, readPrepared } from "./prepared-card.ts";
import { chosenPayment, priceOf } from "./sku-offer.ts";
import type { Shown } from "./watch.ts";

/** Cards can be entered from this time before the opening on: Stripe forgets a token after about twelve hours. */
const EARLIEST_MS = 11 * 3_600_000;

export class Preparation {
  readonly #host: PanelHost;
  readonly #offers: Offer[] = [];
  #user: string | undefined;
  #shown: Shown | undefined;

  /** `slot`: the ready room, which has the template where cards can be entered. */
  constructor(slot: HTMLElement, host: PanelHost) {
    this.#host = host;
    const template = part<HTMLTemplateElement>(slot, "prepare");
    const items = slot.closest("[data-sale]")?.querySelectorAll<HTMLElement>("[data-sku]") ?? [];
    if (!template) return;
    for (const item of items) {
      if (priceOf(item).amount > 0) this.#offers.push(new Offer(item, template, this));
    }
  }

  get isUsed(): boolean {
    return this.#offers.some(({ hasCard }) => hasCard);
  }

  /** The account that is signed in. While it is unknown, no card is used. */
  set user(user: string | undefined) {
    this.#user = user;
    this.repaint();
  }

  paint(shown: Shown): void {
    this.#shown = shown;
    this.repaint();
  }

  repaint(): void {
    for (const offer of this.#offers) offer.paint();
  }

  get now(): Now {
    const { sale = "closed", opensAt = 0 } = this.#shown ?? {};
    const now = this.#host.now();
    return {
      user: this.#user,
      // A card must be good at the opening.
      at: Math.max(now, opensAt),
      mayEnter: sale === "upcoming" && opensAt - now < EARLIEST_MS,
      isOver: sale === "closed",
      wording: this.#host.wording,
    };
  }
}

interface Now {
  user: string | undefined;
  at: number;
  mayEnter: boolean;
  isOver: boolean;
  wording: PanelHost["wording"];
}

class Offer {
  readonly #root: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #panel: HTMLElement;
  readonly #room: Preparation;
  #card: PreparedCard | undefined;

  constructor(root: HTMLElement, template: HTMLTemplateElement, room: Preparation) {
    const { sku = "" } = root.dataset;
    this.#root = root;
    this.#room = room;
    this.#form = part<HTMLFormElement>(root, "buy") as HTMLFormElement;
    this.#panel = template.content.firstElementChild?.cloneNode(true) as HTMLElement;
    this.#card = readPrepared(sku);
    this.#form.after(this.#panel);
    const link = this.#link;
    link.id = `prepare-${sku}`;
    link.setAttribute("aria-labelledby", `${link.id} name-${sku}`);
    // Before the listener of the purchase, which reads the choice.
    root.addEventListener("submit", () => this.#choose(), { capture: true });
    root.addEventListener("change", () => this.paint());
    const placed = new MutationObserver(() => this.#onOrder());
    placed.observe(root, { attributeFilter: ["data-owned"] });
    if (root.dataset.owned) this.#onOrder();
  }

  get hasCard(): boolean {
    return this.#card !== undefined;
  }

  get #link(): HTMLAnchorElement {
    return part<HTMLAnchorElement>(this.#panel, "prepare-link") as HTMLAnchorElement;
  }

  get #quantity(): number {
    return Number(this.#form.querySelector("select")?.value ?? 1);
  }

  #fit({ user, at }: Now) {
    const { dataset } = this.#root;
    const wanted = { user, at, quantity: this.#quantity, unitPrice: priceOf(this.#root) };
    return dataset.owned ? "none" : fitOf(this.#card, wanted);
  }

  paint(): void {
    const { now } = this.#room;
    const { words, fill, price } = now.wording;
    const fit = now.isOver ? "none" : this.#fit(now);
    if (fit !== "ready") this.#unchoose();
    const mayEnter = now.mayEnter && now.user !== undefined && !this.#root.dataset.owned;
    const { amount, currency } = priceOf(this.#root);
    const total = price(amount * this.#quantity, currency);
    const notes = {
      none: "",
      ready: fill(words.ready.cardReady, { price: total }),
      changed: words.ready.cardChanged,
    };
    this.#panel.hidden = !mayEnter && fit === "none";
    setText(part(this.#panel, "prepared"), notes[fit]);
    const link = this.#link;
    link.hidden = !mayEnter;
    link.href = `${this.#form.action.slice(0, -"buy".length)}card?quantity=${this.#quantity}`;
    setText(link, fit === "ready" ? words.ready.changeCard : words.ready.enterCard);
  }

  /** Adds the card to the press if it fits, and deletes it from storage: it pays once, even if this page is closed. */
  #choose(): void {
    this.#unchoose();
    const canBuy = this.#form.querySelector('button[aria-disabled="false"]') !== null;
    if (!canBuy || !this.#card || this.#fit(this.#room.now) !== "ready") return;
    if (chosenPayment(this.#root)) return;
    forgetPrepared(this.#root.dataset.sku ?? "");
    const choice = document.createElement("span");
    choice.className = "cards";
    choice.hidden = true;
    choice.dataset.choice = "";
    const { token: value, user } = this.#card;
    choice.dataset.payer = user;
    choice.append(Object.assign(document.createElement("input"), { type: "radio", value }));
    this.#form.prepend(choice);
    (choice.firstElementChild as HTMLInputElement).checked = true;
  }

  #unchoose(): void {
    part(this.#form, "choice")?.remove();
  }

  /** An order was placed, perhaps with this card. */
  #onOrder(): void {
    if (!this.#root.dataset.owned) return;
    this.#card = undefined;
    forgetPrepared(this.#root.dataset.sku ?? "");
    this.paint();
  }
}
