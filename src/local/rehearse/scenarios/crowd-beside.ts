// Buyers who come one after another at random moments, and how long their free orders take.
import { setTimeout as pause } from "node:timers/promises";
import { median } from "../../stats.ts";
import { arrivals, openLoop } from "../arrivals.ts";
import type { Method } from "../payments.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { FINAL_WITHIN_MS } from "../wait-until-final.ts";
import { buy } from "./order-actions.ts";

const LOOK_MS = 200;

/** Lets all buyers act at random moments of a period. `dueAt` is a `performance.now()` time. */
export function arrive(
  context: ScenarioContext,
  buyers: Buyer[],
  seconds: number,
  act: (buyer: Buyer, dueAt: number, nth: number) => Promise<void>,
): Promise<void> {
  const random = context.random(`arrivals: ${buyers[0]?.sku.name}`);
  const times = arrivals([{ seconds, perSecond: buyers.length / seconds }], random);
  const late = buyers.slice(times.length).map(() => seconds * 1_000);
  return openLoop([...times, ...late].slice(0, buyers.length), (nth, dueAt) =>
    act(buyers[nth] as Buyer, dueAt, nth),
  );
}

/** Places an order that was due at `dueAt`. Returns its id if it was accepted. */
export async function place(
  context: ScenarioContext,
  buyer: Buyer,
  dueAt: number,
  method?: Method,
): Promise<string | undefined> {
  const { user, sku, nth } = buyer;
  const purchase = context.recorder.startPurchase(user, sku.id, `${context.run}-${nth}`);
  await buy(context, buyer, purchase, {
    kind: "buy (paid-drop)",
    dueAt,
    ...(method && { method }),
  });
  return purchase.acceptedIds[0];
}

/**
 * Lets buyers of one SKU order for free. Returns the median milliseconds from the moment when an order was due until it was
 * confirmed. The operator looks for all of them, because requests of every buyer would slow down what they measure.
 */
export async function medianUntilConfirmed(
  context: ScenarioContext,
  buyers: Buyer[],
  seconds: number,
): Promise<number> {
  const open = new Map<string, number>();
  const waits: number[] = [];
  const deadline = performance.now() + seconds * 1_000 + FINAL_WITHIN_MS;
  let haveAllCome = false;
  const coming = arrive(context, buyers, seconds, async (buyer, dueAt) => {
    const id = await place(context, buyer, dueAt);
    if (id !== undefined) open.set(id, dueAt);
  }).finally(() => {
    haveAllCome = true;
  });
  while ((!haveAllCome || open.size > 0) && performance.now() < deadline) {
    for (const { id, status } of await context.client.ledgerOrders(buyers[0]?.sku.id ?? "")) {
      const dueAt = open.get(id);
      if (dueAt === undefined || status === "reserved") continue;
      waits.push(performance.now() - dueAt);
      open.delete(id);
    }
    await pause(LOOK_MS);
  }
  await coming;
  return median(waits);
}
