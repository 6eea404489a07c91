// The price, the quantity, and the payment choice in an item's card.
import type { Money } from "../../values/money.ts";
import { part, setText } from "./dom.ts";
import { WORDING } from "./locale.ts";

/** The unit price that the card shows. */
export function priceOf({ dataset: { amount, currency = "" } }: HTMLElement): Money {
  return { amount: Number(amount), currency };
}

/** Updates the price; returns the formatted price, or undefined if it is unchanged. */
export function updatePrice(card: HTMLElement, { amount, currency }: Money): string | undefined {
  const before = priceOf(card);
  if (amount === before.amount && currency === before.currency) return undefined;
  Object.assign(card.dataset, { amount, currency });
  const shown = WORDING.price(amount, currency);
  setText(card.querySelector(".price"), shown);
  return shown;
}

/**
 * Locks the quantity during an attempt, and caps it otherwise: at the remaining allowance, and at what is left.
 *
 * @param pending the quantity of an attempt whose outcome is unknown
 */
export function paintQuantity(
  select: HTMLSelectElement,
  isBusy: boolean,
  pending: number | undefined,
  most: number,
): void {
  select.disabled = isBusy || pending !== undefined;
  if (pending) select.value = String(pending);
  else if (Number(select.value) > most && most > 0) select.value = String(most);
  for (const option of select.options) option.disabled = Number(option.value) > most;
}

export const panelTemplate = (): DocumentFragment | undefined =>
  document.querySelector<HTMLTemplateElement>("template#order-panel")?.content;

/** The chosen payment token, if the card offers a choice. */
export const chosenPayment = (card: HTMLElement): string | undefined =>
  card.querySelector<HTMLInputElement>("[data-buy] .cards :checked")?.value;

/** The account that entered the card of the choice, if the ready room added it. */
export const payerOf = (card: HTMLElement): string | undefined =>
  part(card, "choice")?.dataset.payer;

/**
 * Asks how to pay before the next order: adds the choice of test cards to the Buy form, or leads to the page that collects
 * a card. Neither if this deployment takes no payments here.
 */
export function askForPayment(card: HTMLElement, quantity: number): void {
  const form = part<HTMLFormElement>(card, "buy");
  const cards = panelTemplate()?.querySelector(".cards");
  if (cards && !chosenPayment(card)) form?.prepend(cards.cloneNode(true));
  // Only an order's own page collects its card then, so the template's Pay link has no further path.
  const hasCardForm = panelTemplate()?.querySelector('[data-pay-link=""]');
  if (form && hasCardForm)
    location.assign(`${form.action.slice(0, -"buy".length)}card?quantity=${quantity}`);
}

/** Removes the payment choice after an order: the next order is paid after it is reserved, as usual. */
export const removePaymentChoice = (card: HTMLElement): void =>
  card.querySelector("[data-buy] .cards")?.remove();
