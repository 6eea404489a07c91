// Waiting for what the operator's refunds do.
import { setTimeout as pause } from "node:timers/promises";
import type { ScenarioContext } from "../scenario.ts";
import { FINAL_WITHIN_MS, lineMs } from "../wait-until-final.ts";

const LOOK_MS = 300;

/** Waits until the condition holds for the scenario's first SKU. False if that takes longer than all orders should. */
export async function untilSku(
  context: ScenarioContext,
  holds: (context: ScenarioContext, sku: string) => Promise<boolean>,
): Promise<boolean> {
  const deadline = Date.now() + FINAL_WITHIN_MS + lineMs(context);
  while (Date.now() < deadline) {
    if (await holds(context, context.skus[0]?.id ?? "")) return true;
    await pause(LOOK_MS);
  }
  return false;
}

/** Waits until the units and the money of all refunds are back, and notes when. */
export async function untilReturned(context: ScenarioContext): Promise<void> {
  const areReturned = await untilSku(context, async ({ client }, sku) =>
    (await client.ledgerOrders(sku)).every(({ payment }) => payment !== "refund_due"),
  );
  if (!areReturned) return;
  const returnedAt = context.client.now();
  for (const refund of context.refunds) refund.returnedAt = returnedAt;
}
