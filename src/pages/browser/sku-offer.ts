// What an item costs and how it is paid, as its card shows it.
import type { Money } from "../../money.ts";
import { part, setText } from "./dom.ts";
import { FORMAT } from "./locale.ts";

/** What a unit costs, as the buyer sees it. */
export function priceOf({ dataset: { amount, currency = "" } }: HTMLElement): Money {
  return { amount: Number(amount), currency };
}

/** Shows another price; undefined when it is the one that is shown, else how it is written. */
export function reprice(card: HTMLElement, { amount, currency }: Money): string | undefined {
  const before = priceOf(card);
  if (amount === before.amount && currency === before.currency) return undefined;
  Object.assign(card.dataset, { amount, currency });
  const shown = FORMAT.price(amount, currency);
  setText(card.querySelector(".price"), shown);
  return shown;
}

export const panelTemplate = (): DocumentFragment | undefined =>
  document.querySelector<HTMLTemplateElement>("template#order-panel")?.content;

/** How the order is paid, where that was asked for. */
export const chosenPayment = (card: HTMLElement): string | undefined =>
  card.querySelector<HTMLInputElement>("[data-buy] .cards :checked")?.value;

/** Asks how the order is to be paid before it is made, where this page takes payments. */
export function offerPayment(card: HTMLElement): void {
  const ways = panelTemplate()?.querySelector(".cards");
  if (ways && !chosenPayment(card)) part(card, "buy")?.prepend(ways.cloneNode(true));
}

/** The order is made: the next one is paid as usual. */
export const forgetPayment = (card: HTMLElement): void =>
  card.querySelector("[data-buy] .cards")?.remove();
