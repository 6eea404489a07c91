// Rebuilds the read model from a ledger, and detects when that is necessary.
import type { Redis } from "@upstash/redis/cloudflare";
import type { ExtraEvent } from "../config/webhook-events.ts";
import { atObject, type InventoryEnv } from "../inventory/client.ts";
import type { Order, OwnedOrder } from "../inventory/order.ts";
import type { OrderRef } from "../inventory/order-id.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { readSample, replaceOrders, writeOrders } from "./read-model.ts";

/** Number of orders that a reconciliation samples before it decides whether to rebuild the SKU. */
const SAMPLE_SIZE = 50;

export interface RebuildReport {
  skuId: string;
  /** Orders in the ledger. */
  orders: number;
  /** Orders that Redis lacked or had in an older version. */
  repaired: number;
}

/** Writes every order of a SKU that Redis does not have in its newest version. Safe at any time. */
export async function rebuildReadModel(
  env: InventoryEnv,
  config: RedisConfig,
  skuId: string,
): Promise<RebuildReport> {
  const report = { skuId, orders: 0, repaired: 0 };
  let after: OrderRef | null = null;
  do {
    const page: { orders: OwnedOrder[]; next: OrderRef | null } = await atObject(
      env,
      skuId,
      (inventory) => inventory.page(after),
    );
    report.orders += page.orders.length;
    report.repaired += await withRedis(config, "redis-background", (redis, keys) =>
      writeOrders(redis, keys, page.orders),
    );
    after = page.next;
  } while (after);
  return report;
}

/** Sends the event of every order of a SKU that has one to the shop again. Returns the number of events. */
export async function resendEvents(
  env: InventoryEnv,
  skuId: string,
  extra: readonly ExtraEvent[],
): Promise<number> {
  let events = 0;
  let after: OrderRef | null = null;
  do {
    const page: { owed: number; next: OrderRef | null } = await atObject(env, skuId, (inventory) =>
      inventory.resendEvents(after, { extra }),
    );
    events += page.owed;
    after = page.next;
  } while (after);
  return events;
}

/** Compares a random sample of acknowledged orders with Redis. Undefined if nothing drifted. */
export async function reconcileReadModel(
  env: InventoryEnv,
  config: RedisConfig,
  skuId: string,
): Promise<RebuildReport | undefined> {
  const sample = await atObject(env, skuId, (inventory) => inventory.sample(SAMPLE_SIZE));
  if (sample.length === 0) return undefined;
  const drifted = await withRedis(config, "redis-background", (redis, keys) =>
    hasDrift(redis, keys, sample),
  );
  return drifted ? rebuildReadModel(env, config, skuId) : undefined;
}

/** Whether Redis lacks one of these orders or has it in an older version. Repairs unreadable ones at once. */
async function hasDrift(redis: Redis, keys: Keys, sample: OwnedOrder[]): Promise<boolean> {
  const found = await readSample(redis, keys, sample);
  const bad = sample.flatMap(({ userId, order }, at) => {
    const stored = found[at];
    return stored && !stored.order ? [{ userId, stored, order }] : [];
  });
  await replaceOrders(redis, keys, bad);
  return sample.some(({ order }, at) => {
    const stored = found[at];
    return !stored || (stored.order && stored.order.version < order.version);
  });
}

/** One user's orders in the ledger of a SKU. */
export const ordersInLedger = (
  env: InventoryEnv,
  skuId: string,
  userId: string,
): Promise<Order[]> => atObject(env, skuId, (inventory) => inventory.ordersOf(userId));
