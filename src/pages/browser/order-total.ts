// The price of several units of an item, and the earlier price of one, while the price may change.
import { part, setText } from "./dom.ts";
import { WORDING } from "./locale.ts";

export function mountTotal(offer: HTMLElement): void {
  const select = offer.querySelector("select");
  const { amount: shown } = offer.dataset;
  const paint = () => {
    const { amount, currency = "" } = offer.dataset;
    // Whether the earlier price is still higher is unknown until the page is loaded again.
    if (amount !== shown) part(offer, "was")?.remove();
    const [quantity, each] = [Number(select?.value), Number(amount)];
    const isShown = quantity > 1 && each > 0;
    part(offer, "total")?.toggleAttribute("hidden", !isShown);
    if (isShown) setText(part(offer, "sum"), WORDING.price(each * quantity, currency));
  };
  select?.addEventListener("change", paint);
  // The quantity may be lowered to what is left.
  new MutationObserver(paint).observe(offer, {
    attributeFilter: ["data-amount", "data-available"],
  });
  paint();
}
