// Restores the read model after Redis was emptied: from all ledgers that ever existed, including those of SKUs that
// left the catalog.
import type { Redis } from "@upstash/redis/cloudflare";
import type { CatalogEnv } from "../catalog/propagation.ts";
import { registryOf } from "../catalog/store.ts";
import type { OwnedOrder } from "../inventory/order.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import { type Keys, keysOf } from "../redis/keys.ts";
import { ALL_SKUS, beginRun, noteAllRebuilt, noteRebuilt, readRebuilt } from "../redis/rebuilt.ts";
import { writeOrders } from "./read-model.ts";
import { ordersInLedger, rebuildReadModel } from "./rebuild.ts";

/** Longest run. The next scheduled run continues. */
const RUN_LIMIT_MS = 40_000;
/** Ledgers read concurrently. */
const AT_ONCE = 6;
const LOST_PER_RUN = 20;

/**
 * Fills Redis from all ledgers, unless that was done since it was emptied. The next run continues where this one
 * ran out of time, and starts over if Redis was emptied meanwhile.
 */
export async function restoreReadModel(env: CatalogEnv, config: RedisConfig): Promise<void> {
  const endsAt = Date.now() + RUN_LIMIT_MS;
  const inRedis = <T>(work: (redis: Redis, keys: Keys) => Promise<T>) =>
    withRedis(config, "redis-background", work);
  const done = await inRedis(readRebuilt);
  if (done.has(ALL_SKUS)) return;
  const run = crypto.randomUUID();
  await inRedis((redis, keys) => beginRun(redis, keys, run));
  const all = await registryOf(env).skuIds();
  const missing = all.filter((skuId) => !done.has(skuId));
  while (missing.length > 0 && Date.now() < endsAt) {
    const batch = missing.splice(0, AT_ONCE);
    const copied = await Promise.all(batch.map((skuId) => copyLedger(env, config, skuId)));
    const noted = batch.filter((_, at) => copied[at]);
    if (!(await inRedis((redis, keys) => noteRebuilt(redis, keys, run, noted)))) return;
  }
  if (missing.length > 0) return;
  const complete = await inRedis((redis, keys) => noteAllRebuilt(redis, keys, all));
  if (complete) log("restore.complete", { count: all.length });
}

/** Copies one ledger. Returns false if that failed, so that the run continues with the other ledgers. */
async function copyLedger(env: CatalogEnv, config: RedisConfig, skuId: string): Promise<boolean> {
  try {
    const { repaired } = await rebuildReadModel(env, config, skuId);
    log("restore.copied", { skuId, count: repaired });
    return true;
  } catch (error) {
    log("restore.failed", { skuId, cause: causeOf(error) });
    return false;
  }
}

/** Restores the orders of users whose key was removed because it had another type. */
export async function restoreLost(env: CatalogEnv, config: RedisConfig): Promise<void> {
  const { lost, ownerOf } = keysOf(config);
  const removed = await withRedis(config, "redis-background", (redis, keys) =>
    healed(redis, keys, [{ key: keys.lost, type: "set" }], () =>
      redis.srandmember<string[]>(lost, LOST_PER_RUN),
    ),
  );
  for (const key of removed ?? []) {
    const userId = ownerOf(key);
    // The rest of the reconciliation restores other keys.
    const orders = userId === undefined ? [] : await ordersEverywhere(env, userId);
    await withRedis(config, "redis-background", async (redis, keys) => {
      await writeOrders(redis, keys, orders);
      await redis.srem(lost, key);
    });
    log("restore.lost_key", { count: orders.length });
  }
}

async function ordersEverywhere(env: CatalogEnv, userId: string): Promise<OwnedOrder[]> {
  const found: OwnedOrder[] = [];
  const skuIds: string[] = await registryOf(env).skuIds();
  for (let at = 0; at < skuIds.length; at += AT_ONCE) {
    const batch = skuIds.slice(at, at + AT_ONCE);
    const orders = await Promise.all(batch.map((skuId) => ordersInLedger(env, skuId, userId)));
    found.push(...orders.flat().map((order) => ({ userId, order })));
  }
  return found;
}
