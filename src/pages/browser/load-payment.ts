// Loads the script of the card form, which few pages need: that of an unpaid order, and the choice of a card.
import { call } from "./api.ts";
import { untilIdle } from "./delay.ts";
import { part, setText } from "./dom.ts";
import type { PayablePanel, RunPayment } from "./payment.ts";
import { WORDS } from "./words.ts";

async function load(slot: HTMLElement): Promise<typeof import("./payment.ts") | undefined> {
  // The first load of a page is its document, one script and its style. This one takes Stripe.js along.
  await untilIdle();
  try {
    return await import(slot.dataset.cardForm as string);
  } catch {
    setText(part(slot, "card-form-fault"), WORDS.panel.formFailed);
    return undefined;
  }
}

/** Lets the buyer pay for an order on its page. */
export async function loadPayment(
  slot: HTMLElement,
  panel: PayablePanel,
  run: RunPayment,
): Promise<void> {
  const loaded = await load(slot);
  if (loaded) new loaded.CardPayment(slot, { panel, run, call }).start();
}

/** Lets the buyer enter a card before the order is placed. */
export async function loadCardChoice(slot: HTMLElement): Promise<void> {
  (await load(slot))?.mountCardChoice(slot);
}
