// Direct access to a SKU's object, without HTTP: configure it, put it to sleep, run code inside it.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { type InventoryStub, inventoryOf } from "../../src/inventory/client.ts";
import type { ReserveCommand } from "../../src/inventory/decide-reserve.ts";
import type { ConfigureCommand } from "../../src/inventory/decide-stock.ts";
import { newOrderId, ROOT } from "../../src/inventory/order-id.ts";
import type { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { suppressLiveStock, unique } from "../support/shop.ts";
import { anOffer } from "./commands.ts";

export const stubOf = (skuId: string) => env.SKU_INVENTORY.getByName(skuId);
export const inventory = (skuId: string): InventoryStub => inventoryOf(env, { skuId, lane: ROOT });

/** Creates an object that sells `stock` units, and returns the SKU id. */
export async function givenUnits(
  stock: number,
  { price = 0, ...terms }: { price?: number; perUserLimit?: number; holdSeconds?: number } = {},
): Promise<string> {
  suppressLiveStock();
  const skuId = unique("object");
  const offer: ConfigureCommand["offer"] = anOffer(stock, price);
  Object.assign(offer.terms, { skuId, ...terms });
  await inventory(skuId).configure({ skuId, revision: 1, offer });
  return skuId;
}

/** A command to reserve one unit, with a new order id and key. */
export function aReservation(skuId: string, changes: Partial<ReserveCommand> = {}): ReserveCommand {
  return {
    userId: unique("user"),
    orderId: newOrderId({ skuId, lane: ROOT }),
    quantity: 1,
    idempotencyKey: unique("key"),
    fingerprint: "same",
    askedAt: Date.now(),
    ...changes,
  };
}

/** Clears the object's memory and keeps its storage, as the runtime does to idle objects and a deploy to all. */
export async function putToSleep(skuId: string): Promise<void> {
  await inventory(skuId).report();
  await evictDurableObject(stubOf(skuId));
}

/** Ends an object without a word to those that are calling it. */
export async function kill(name: string): Promise<void> {
  const killed = runInDurableObject(stubOf(name), (_, state) => state.abort("killed by the test"));
  await killed.catch(() => {});
}

/** Runs code inside the object, so that many commands need only one call. */
export function inside<T>(
  skuId: string,
  work: (object: SkuInventory, state: DurableObjectState) => T | Promise<T>,
): Promise<T> {
  return runInDurableObject(stubOf(skuId), work);
}

/**
 * Drops the messages of an object with thousands of orders, which would keep the queue busy for a long time. The object
 * is deleted when the test ends, before it can send them again.
 */
export async function sendsNothing(skuId: string): Promise<void> {
  const spy = await inside(skuId, (object) => {
    const { ORDERS } = (object as unknown as { env: Env }).env;
    return vi.spyOn(ORDERS, "sendBatch").mockResolvedValue({} as QueueSendBatchResponse);
  });
  onTestFinished(async () => {
    await deleteObject(skuId);
    spy.mockRestore();
  });
}

/** Deletes what the object stores, its alarm and its memory. */
async function deleteObject(skuId: string): Promise<void> {
  const deleted = inside(skuId, async (_, state) => {
    await state.storage.deleteAlarm();
    await state.storage.deleteAll();
    await state.storage.sync();
    state.abort("deleted by the test");
  });
  await deleted.catch(() => {});
}
