// Loads the script of a sale's line, which only sales with a line need.
import { untilIdle } from "./delay.ts";
import { part, setText } from "./dom.ts";
import type { LinePanel } from "./line.ts";
import { loadChallenge } from "./load-challenge.ts";
import { hostOf, startPanel } from "./load-ready.ts";
import { WORDING } from "./locale.ts";
import { visitHeaders } from "./visit-token.ts";

/** Undefined if the script does not load. The panel then says so. */
export async function loadLine(
  slot: HTMLElement,
  saleId: string,
  onChange: () => void,
): Promise<LinePanel | undefined> {
  let loaded: typeof import("./line.ts");
  // The stock, the time and the sign-in come first.
  await untilIdle();
  try {
    loaded = await import(slot.dataset.line as string);
  } catch {
    setText(part(slot, "line-text"), WORDING.words.sale.lineFailed);
    return undefined;
  }
  const challenge = (at: HTMLElement) => loadChallenge(at, onChange);
  const host = { ...hostOf(saleId, onChange), visitHeaders, challenge };
  return startPanel(new loaded.LinePanel(slot, host));
}
