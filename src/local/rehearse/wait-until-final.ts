// Waits until every order of a scenario is final.
import { setTimeout as pause } from "node:timers/promises";
import { LEAST_LEFT_MS } from "../../inventory/hold-clock.ts";
import type { Ledger, Sku } from "../client.ts";
import type { ScenarioContext } from "./scenario.ts";

/**
 * How long an instance may take to finish all accepted orders, in addition to the hold time of paid SKUs, a minute, and the
 * line of payments.
 */
export const FINAL_WITHIN_MS = 60_000;
const POLL_INTERVAL_MS = 300;

export interface FinalState {
  ledger: Ledger;
  /** Milliseconds since the end of the scenario; undefined if the time ran out. */
  finalAfterMs: number | undefined;
}

/**
 * Polls until every order is final and acknowledged and the live stock equals the ledger, or until the time
 * runs out. Units that were held `before` the scenario do not count.
 */
export async function waitUntilFinal(
  context: ScenarioContext,
  sku: Sku,
  before: Pick<Ledger, "held">,
): Promise<FinalState> {
  const { client, saleId } = context;
  const start = performance.now();
  // After a decline the buyer has a minute more than the hold.
  const holdMs = sku.holdSeconds * 1_000 + LEAST_LEFT_MS + lineMs(context);
  const limit = FINAL_WITHIN_MS + (sku.unitPrice.amount > 0 ? holdMs : 0);
  for (;;) {
    const ledger = await client.ledger(sku.id);
    const isFinal = ledger.unacknowledged === 0 && ledger.held <= before.held;
    const live = isFinal ? await client.live(saleId) : undefined;
    const finalAfterMs = performance.now() - start;
    const shown = live?.body.skus?.find(({ id }) => id === sku.id);
    if (shown?.available === ledger.available) {
      return { ledger, finalAfterMs };
    }
    if (finalAfterMs > limit) {
      return { ledger, finalAfterMs: undefined };
    }
    await pause(POLL_INTERVAL_MS);
  }
}

/** How long the payments that buyers have given until now take at the allowed pace. */
export function lineMs({ payments, recorder }: ScenarioContext): number {
  const { perSecond = Number.POSITIVE_INFINITY } = payments ?? {};
  return (recorder.paymentCount / perSecond) * 1_000;
}
