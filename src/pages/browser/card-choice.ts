// The page that collects a card before the order is placed: because the payment must come with the order, or for one press at
// the opening. It leads back to the sale page, which buys with the card, or keeps it until its buyer presses Buy.
import { CardFields } from "./card-fields.ts";
import { part, setText } from "./dom.ts";
import { savePrepared } from "./prepared-card.ts";
import { type SavedPurchase, saveStep } from "./saved-step.ts";
import type { ConfirmEvent } from "./stripe-js.ts";
import { WORDS } from "./words.ts";

export function mountCardChoice(slot: HTMLElement): void {
  const form = slot.closest("form") as HTMLFormElement;
  const root = form.parentElement as HTMLElement;
  const { sku: skuId = "", user, amount, currency = "" } = form.dataset;
  const quantity = Number(form.dataset.quantity);
  const keep = (token: string, expiresAt: number) => {
    // Only the page of an upcoming sale names its visitor.
    if (!user) return saveStep<SavedPurchase>({ of: skuId, quantity, paymentToken: token });
    const unitPrice = { amount: Number(amount), currency };
    savePrepared(skuId, { user, quantity, unitPrice, token, expiresAt });
  };
  const choose = async (wallet?: ConfirmEvent) => {
    if (root.dataset.busy) return;
    root.dataset.busy = "pay";
    setText(part(form, "choice-fault"), "");
    const collected = await fields.collect();
    if (collected.token !== undefined) {
      keep(collected.token, collected.expiresAt);
      // Replaces this page: going back must not lead to a card that is already used.
      return location.replace(form.action);
    }
    wallet?.paymentFailed?.({ reason: "fail" });
    setText(part(form, "choice-fault"), collected.fault);
    root.dataset.busy = "";
  };
  const fields = new CardFields(slot, {
    // The order does not exist yet. The server finds it by its item.
    returnUrl: `${location.origin}/orders?sku=${skuId}`,
    failed: WORDS.card.choiceFailed,
    confirm: (wallet) => void choose(wallet),
    change() {
      fields.show(true);
      part(form, "pay-button")?.toggleAttribute("hidden", !fields.isReady);
    },
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void choose();
  });
  void fields.load();
}
