// The page that collects a card before the order is placed, because the payment must come with the order. It leads back to
// the sale page, which buys with the card.
import { CardFields } from "./card-fields.ts";
import { part, setText } from "./dom.ts";
import { type SavedPurchase, saveStep } from "./saved-step.ts";
import type { ConfirmEvent } from "./stripe-js.ts";
import { WORDS } from "./words.ts";

export function mountCardChoice(slot: HTMLElement): void {
  const form = slot.closest("form") as HTMLFormElement;
  const root = form.parentElement as HTMLElement;
  const { sku: skuId = "", quantity } = form.dataset;
  const choose = async (wallet?: ConfirmEvent) => {
    if (root.dataset.busy) return;
    root.dataset.busy = "pay";
    setText(part(form, "choice-fault"), "");
    const { token, fault } = await fields.collect();
    if (token !== undefined) {
      saveStep<SavedPurchase>({
        of: skuId,
        quantity: Number(quantity),
        paymentToken: token,
      });
      // Replaces this page: going back must not lead to a card that is already used.
      return location.replace(form.action);
    }
    wallet?.paymentFailed?.({ reason: "fail" });
    setText(part(form, "choice-fault"), fault);
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
