// The picker of a product: shows what is left of each option, and the offer of the chosen one. It reads what the cards of the
// SKUs show, so there is one reading of the stock and one way to buy.
import type { StockState } from "../../catalog/sale-state.ts";
import { optionText } from "../copy/product.ts";
import { part, setText } from "./dom.ts";
import { WORDING } from "./locale.ts";

/** The attributes of an offer that the picker depends on. */
const WATCHED = [
  "data-stock",
  "data-available",
  "data-amount",
  "data-owned",
  "data-tone",
  "aria-busy",
  "aria-disabled",
];

export class Picker {
  readonly #form: HTMLFormElement;
  /** SKU id → its offer. */
  readonly #offers: ReadonlyMap<string, HTMLElement>;
  readonly #radios: readonly HTMLInputElement[];

  readonly #head: Element | null;
  /** The prices that the page shows. */
  #prices: string;

  constructor(root: HTMLElement, form: HTMLFormElement) {
    this.#form = form;
    this.#head = root.querySelector(".sku-head");
    this.#radios = [...form.querySelectorAll<HTMLInputElement>("[name=sku]")];
    const offers = [...root.querySelectorAll<HTMLElement>("[data-sku]")];
    this.#offers = new Map(offers.map((offer) => [offer.dataset.sku ?? "", offer]));
    this.#prices = this.#readPrices().join();
  }

  mount(): void {
    const paint = () => this.#paint();
    const watcher = new MutationObserver(paint);
    const watched = { attributeFilter: WATCHED, childList: true, subtree: true };
    for (const offer of this.#offers.values()) watcher.observe(offer, watched);
    this.#form.addEventListener("change", () => {
      this.#paint();
      this.#showPicture();
    });
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    // The browser may restore a choice when its visitor comes back.
    addEventListener("pageshow", paint);
    // Not disabled, which would drop the focus.
    const button = this.#button;
    if (button) button.disabled = false;
    this.#paint();
    // The choice may be older than this script.
    this.#showPicture();
  }

  get #button(): HTMLButtonElement | null {
    return this.#form.querySelector("button");
  }

  get #chosen(): HTMLInputElement | undefined {
    return this.#radios.find(({ checked }) => checked);
  }

  /** The Enter key in the picker leads to the button of the chosen option. It buys nothing by itself. */
  #submit(event: Event): void {
    event.preventDefault();
    buttonOf(this.#offers.get(this.#chosen?.value ?? ""))?.focus();
  }

  #paint(): void {
    this.#adopt();
    const chosen = this.#chosen;
    for (const radio of this.#radios) {
      const offer = this.#offers.get(radio.value) as HTMLElement;
      const isChosen = radio === chosen;
      offer.hidden = !isChosen && !isUnderWay(offer);
      this.#label(radio, offer);
      // The chosen option keeps the focus.
      radio.disabled = !isChosen && offer.dataset.stock === "sold_out" && !isUnderWay(offer);
    }
    part(this.#form, "unpicked")?.toggleAttribute("hidden", chosen !== undefined);
    this.#copyButton();
    this.#paintPrices();
  }

  #readPrices = (): number[] =>
    [...this.#offers.values()].map(({ dataset }) => Number(dataset.amount));

  /** Shows prices that changed: of each option, and the range of the product. */
  #paintPrices(): void {
    const prices = this.#readPrices();
    if (prices.join() === this.#prices) return;
    this.#prices = prices.join();
    const [first] = this.#offers.values();
    const show = (amount: number) => WORDING.price(amount, first?.dataset.currency ?? "");
    for (const [at, amount] of prices.entries())
      setText(this.#radios[at]?.parentElement?.querySelector("data") ?? null, show(amount));
    const range = [...new Set([Math.min(...prices), Math.max(...prices)])];
    setText(this.#head?.querySelector(".price") ?? null, range.map(show).join(" – "));
    this.#head?.querySelector("[data-was]")?.remove();
  }

  /** Chooses the option that a purchase is under way for, after a reload, unless the visitor chose another one. */
  #adopt(): void {
    if (this.#chosen) return;
    const found = this.#radios.find(({ value }) =>
      isUnderWay(this.#offers.get(value) as HTMLElement),
    );
    if (found) found.checked = true;
  }

  #label(radio: HTMLInputElement, offer: HTMLElement): void {
    const label = radio.closest<HTMLElement>("[data-option]");
    if (!label) return;
    const { stock, available, owned = "" } = offer.dataset;
    label.dataset.stock = stock;
    const known = { state: stock as StockState, available: Number(available) };
    // An option that cannot be bought although it has units says why, unless none can be bought.
    const button = buttonOf(offer);
    const isStopped = stock !== "sold_out" && !isEnabled(button) && isEnabled(this.#best);
    const stop = isStopped ? { label: button?.textContent ?? "" } : undefined;
    const text = HELD.test(owned)
      ? WORDING.words.product.yours
      : optionText(stock ? known : undefined, stop, WORDING);
    setText(part(label, "option-left"), text);
  }

  /** The button of an option that can be bought, or else of the first one. */
  get #best(): HTMLButtonElement | null {
    const buttons = [...this.#offers.values()].map(buttonOf);
    return buttons.find(isEnabled) ?? buttons[0] ?? null;
  }

  /** Without a choice, the button says what the best option's says. */
  #copyButton(): void {
    const best = this.#best;
    if (!best || !this.#button) return;
    setText(this.#button, best.textContent ?? "");
    this.#button.setAttribute("aria-disabled", String(!isEnabled(best)));
  }

  /** Brings the picture of the chosen option into view, within its gallery. */
  #showPicture(): void {
    const picture = document.querySelector<HTMLElement>(`[data-shows~="${this.#chosen?.value}"]`);
    picture?.parentElement?.scrollTo({ left: picture.offsetLeft });
  }
}

/** The statuses of an order that holds units. */
const HELD = /^(reserved|confirmed)$/;

const buttonOf = (offer?: HTMLElement): HTMLButtonElement | null =>
  offer?.querySelector<HTMLButtonElement>("[data-buy] button") ?? null;

const isEnabled = (button: HTMLButtonElement | null): boolean =>
  button?.getAttribute("aria-disabled") === "false";

/** Whether the buyer has an order of this SKU, or a press of Buy takes longer or ended without one. */
function isUnderWay(offer: HTMLElement): boolean {
  const message = part(offer, "message");
  const isBusy = buttonOf(offer)?.getAttribute("aria-busy") === "true";
  const isTold = message?.dataset.tone === "bad" || (isBusy && message?.textContent !== "");
  return "owned" in offer.dataset || isTold;
}
