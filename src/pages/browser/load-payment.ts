// Loads the script of the card form, which only the page of an unpaid order needs.
import { call } from "./api.ts";
import { part, setText } from "./dom.ts";
import type { PayablePanel, RunPayment } from "./payment.ts";

const FAILED =
  "The payment form didn't load. Please reload this page. Your item is still reserved.";

export async function loadPayment(
  slot: HTMLElement,
  panel: PayablePanel,
  run: RunPayment,
): Promise<void> {
  let loaded: typeof import("./payment.ts");
  try {
    loaded = await import(slot.dataset.cardForm as string);
  } catch {
    setText(part(slot, "card-form-fault"), FAILED);
    return;
  }
  new loaded.CardPayment(slot, { panel, run, call }).start();
}
