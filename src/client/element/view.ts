// The parts of `<doorbuster-buy>`. All text is set as text, and the styles are constructed, so that they work under a policy
// without inline styles and scripts.
import type { Shown } from "./show.ts";
import { STYLE } from "./style.ts";
import { priceText, type Words } from "./words.ts";

export class View {
  readonly #root: ShadowRoot;
  readonly #texts: Record<"price" | "stock" | "clock" | "message", HTMLElement>;
  readonly #button: HTMLButtonElement;
  readonly #link: HTMLAnchorElement;

  constructor(root: ShadowRoot, onPress: () => void) {
    this.#root = root;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const add = <Tag extends keyof HTMLElementTagNameMap>(tag: Tag, part: string) => {
      const element = document.createElement(tag);
      element.setAttribute("part", part);
      root.append(element);
      return element;
    };
    const [price, stock, clock] = [add("p", "price"), add("p", "stock"), add("p", "clock")];
    const message = add("p", "message");
    message.setAttribute("role", "status");
    this.#texts = { price, stock, clock, message };
    this.#button = add("button", "button");
    this.#button.type = "button";
    this.#button.addEventListener("click", onPress);
    this.#link = add("a", "pay");
  }

  /** `payUrl`: where the order is paid. */
  show(shown: Shown, isBusy: boolean, payUrl: string, words: Words, language: string): void {
    const { price, stock, clock, message, canBuy, canPay } = shown;
    const texts = { stock, clock, message, price: price ? priceText(price, language, words) : "" };
    for (const [name, text] of Object.entries(texts) as [keyof typeof texts, string][]) {
      // A repeated text would be announced again.
      if (this.#texts[name].textContent !== text) this.#texts[name].textContent = text;
    }
    this.#button.textContent = words.buy;
    this.#link.textContent = words.pay;
    const hadFocus = this.#root.activeElement === this.#button;
    // Stays in place while busy, so that it keeps the focus.
    this.#button.hidden = !canBuy && !isBusy;
    this.#button.setAttribute("aria-disabled", String(!canBuy));
    this.#link.hidden = !canPay;
    this.#link.href = payUrl;
    if (hadFocus && canPay) this.#link.focus();
  }
}
