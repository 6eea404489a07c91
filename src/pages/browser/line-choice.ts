// Buying by itself at the visitor's turn, if they chose that: what, and how many.
import { part } from "./dom.ts";
import type { Choice, TicketStore } from "./line-ticket.ts";

export class AutoBuy {
  readonly #tickets: TicketStore;
  readonly #auto: HTMLInputElement | null;
  readonly #item: HTMLSelectElement | null;
  /** The account in line. */
  #userId: string | undefined;

  /** `onPress`: the visitor pressed something. */
  constructor(slot: HTMLElement, tickets: TicketStore, onPress: () => void) {
    this.#tickets = tickets;
    this.#auto = part<HTMLInputElement>(slot, "line-auto");
    this.#item = part<HTMLSelectElement>(slot, "line-item");
    this.#auto?.addEventListener("change", onPress);
    // The quantities are in the cards of the items.
    document.addEventListener("change", () => this.#choose());
  }

  /** The choice of the account in line. */
  get choice(): Choice | undefined {
    return this.#userId === undefined ? undefined : this.#tickets.choiceOf(this.#userId);
  }

  /** Shows the choice of this account. */
  show(userId: string | undefined): void {
    this.#userId = userId;
    const { choice } = this;
    if (this.#auto) this.#auto.checked = choice !== undefined;
    if (!choice || !this.#item) return;
    this.#item.value = choice.skuId;
    selectQuantity(choice);
  }

  #choose(): void {
    if (this.#userId === undefined || !this.#auto || !this.#item) return;
    const skuId = this.#item.value;
    const quantity = Number(quantityIn(skuId)?.value ?? 1);
    this.#tickets.choose(this.#userId, this.#auto.checked ? { skuId, quantity } : undefined);
  }

  /** Buys as if the visitor pressed the button of the item. Once. */
  buy(choice: Choice): void {
    if (this.#userId !== undefined) this.#tickets.choose(this.#userId, undefined);
    selectQuantity(choice);
    formOf(choice.skuId)?.dispatchEvent(new Event("submit", { cancelable: true }));
  }
}

const formOf = (skuId: string): HTMLFormElement | null =>
  document.querySelector<HTMLFormElement>(`[data-sku="${skuId}"] [data-buy]`);

const quantityIn = (skuId: string) => formOf(skuId)?.querySelector("select");

function selectQuantity({ skuId, quantity }: Choice): void {
  const select = quantityIn(skuId);
  if (select) select.value = String(quantity);
}
