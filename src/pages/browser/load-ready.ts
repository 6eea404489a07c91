// Loads the script of the ready room, which only upcoming and sold-out sales need.
import { call } from "./api.ts";
import { WORDING } from "./locale.ts";
import type { PanelHost } from "./panel-host.ts";
import type { ReadyRoom } from "./ready.ts";
import { serverNow, setOffset } from "./server-clock.ts";
import { signIn } from "./sign-in.ts";
import { onSessionMessage } from "./tab-channel.ts";

/** Undefined if the script does not load: the page does without. */
export async function loadReady(
  slot: HTMLElement,
  saleId: string,
  onChange: () => void,
): Promise<ReadyRoom | undefined> {
  try {
    const loaded: typeof import("./ready.ts") = await import(slot.dataset.ready as string);
    return startPanel(new loaded.ReadyRoom(slot, hostOf(saleId, onChange)));
  } catch {
    return undefined;
  }
}

export const hostOf = (saleId: string, onChange: () => void): PanelHost => ({
  ...{ saleId, onChange, call, now: serverNow, wording: WORDING, signIn, setOffset },
});

export function startPanel<Panel extends { start(): void; onSessionChange(): void }>(
  panel: Panel,
): Panel {
  // Not when the window regains focus: the place stays the same, and the crowd would ask for nothing.
  onSessionMessage(() => panel.onSessionChange());
  panel.start();
  return panel;
}
