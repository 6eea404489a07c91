// What only some sale pages need: pickers of products, totals of several units, and choices that are kept. A script of its own
// for those pages.
import { part } from "./dom.ts";
import { keepChoice } from "./kept-choice.ts";
import { mountTotal } from "./order-total.ts";
import { Picker } from "./picker.ts";

const sale = document.querySelector<HTMLElement>("[data-sale]");
if (sale) keepChoice(sale);
for (const offer of document.querySelectorAll<HTMLElement>("[data-sku]")) mountTotal(offer);
for (const root of document.querySelectorAll<HTMLElement>("[data-product]")) {
  const form = part<HTMLFormElement>(root, "pick");
  if (form) new Picker(root, form).mount();
}
