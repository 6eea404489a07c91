// What only some sale pages need: pickers of products, and totals of several units. A script of its own for those pages.
import { part } from "./dom.ts";
import { mountTotal } from "./order-total.ts";
import { Picker } from "./picker.ts";

for (const offer of document.querySelectorAll<HTMLElement>("[data-sku]")) mountTotal(offer);
for (const root of document.querySelectorAll<HTMLElement>("[data-product]")) {
  const form = part<HTMLFormElement>(root, "pick");
  if (form) new Picker(root, form).mount();
}
