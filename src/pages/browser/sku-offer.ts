// The price and the payment choice in an item's card.
import type { Money } from "../../money.ts";
import { part, setText } from "./dom.ts";
import { FORMAT } from "./locale.ts";

/** The unit price that the card shows. */
export function priceOf({ dataset: { amount, currency = "" } }: HTMLElement): Money {
  return { amount: Number(amount), currency };
}

/** Updates the price; returns the formatted price, or undefined if it is unchanged. */
export function updatePrice(card: HTMLElement, { amount, currency }: Money): string | undefined {
  const before = priceOf(card);
  if (amount === before.amount && currency === before.currency) return undefined;
  Object.assign(card.dataset, { amount, currency });
  const shown = FORMAT.price(amount, currency);
  setText(card.querySelector(".price"), shown);
  return shown;
}

export const panelTemplate = (): DocumentFragment | undefined =>
  document.querySelector<HTMLTemplateElement>("template#order-panel")?.content;

/** The chosen payment token, if the card offers a choice. */
export const chosenPayment = (card: HTMLElement): string | undefined =>
  card.querySelector<HTMLInputElement>("[data-buy] .cards :checked")?.value;

/** Adds the payment choice to the Buy form, if this deployment takes test cards. */
export function showPaymentChoice(card: HTMLElement): void {
  const ways = panelTemplate()?.querySelector(".cards");
  if (ways && !chosenPayment(card)) part(card, "buy")?.prepend(ways.cloneNode(true));
}

/** Removes the payment choice after an order: the next order is paid after it is reserved, as usual. */
export const removePaymentChoice = (card: HTMLElement): void =>
  card.querySelector("[data-buy] .cards")?.remove();
