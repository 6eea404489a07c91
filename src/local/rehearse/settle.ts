// Waits until nothing of a scene is under way any more.
import { setTimeout as pause } from "node:timers/promises";
import type { Ledger, Sku } from "../client.ts";
import type { Stage } from "./scene.ts";

/** The longest an instance may take to settle what it accepted, beside the holds that have to lapse. */
export const SETTLE_MS = 60_000;
const EVERY_MS = 300;

export interface Settled {
  ledger: Ledger;
  /** How long it took from the scene's end; undefined when it was not over in time. */
  settledMs: number | undefined;
}

/** Resolves once every order is final and published and the live stock is the ledger's, or after too long. */
export async function settle(stage: Stage, sku: Sku, before: Ledger): Promise<Settled> {
  const start = performance.now();
  const limit = SETTLE_MS + (sku.unitPrice.amount > 0 ? sku.holdSeconds * 1_000 : 0);
  for (;;) {
    const ledger = await stage.client.ledger(sku.id);
    const isFinal = ledger.unacknowledged === 0 && ledger.held <= before.held;
    const shown = isFinal ? await stage.client.live(stage.saleId) : undefined;
    const settledMs = performance.now() - start;
    const live = shown?.body.skus?.find(({ id }) => id === sku.id);
    if (live?.available === ledger.available) {
      return { ledger, settledMs };
    }
    if (settledMs > limit) {
      return { ledger, settledMs: undefined };
    }
    await pause(EVERY_MS);
  }
}
