// The removal of a rehearsal: its orders, its objects, and its copies in Redis. Every step can run again. It only deletes what
// synthetic people did: an object with orders of anybody else keeps everything.
import { lineField, lineOf } from "../admission/client.ts";
import { isSynthetic } from "../admission/rehearsal.ts";
import { type AllowanceEnv, allowanceAt, allowanceNames } from "../inventory/allowance/client.ts";
import type { AuditPage } from "../inventory/audit.ts";
import { atObject, type InventoryEnv } from "../inventory/client.ts";
import { MAX_LANES, namesOf, type OrderRef } from "../inventory/order-id.ts";
import { log } from "../observability/log.ts";
import { withRedis } from "../redis/client.ts";
import { type CatalogConfig, type CatalogEnv, publishToEdges } from "./propagation.ts";
import type { RegisteredSale } from "./registry-types.ts";
import type { Sale } from "./schema.ts";
import { registryOf } from "./store.ts";

/** Time after the end of a rehearsal, in which its orders become final and are read. */
const REMOVE_AFTER_MS = 600_000;
/** How long the removal of a deleted rehearsal is repeated if it fails. */
const TRY_FOR_MS = 86_400_000;

export type RemovalEnv = CatalogEnv & AllowanceEnv;

/** Whether a sale is a rehearsal that ended, so that it has to be deleted. */
export const hasEnded = ({ sale }: RegisteredSale, now: number): boolean =>
  sale?.rehearsal === true && now >= Date.parse(sale.closesAt) + REMOVE_AFTER_MS;

/** Whether a sale is a deleted rehearsal whose removal was interrupted. */
export const isLeftover = ({ revision, sale, rehearsal }: RegisteredSale, now: number): boolean =>
  sale === null && rehearsal === true && now < revision + TRY_FOR_MS;

/**
 * Erases what a deleted rehearsal left: objects first, the registry's rows last, so that a repetition finds what is left.
 *
 * @param sale its last document, if it is known
 * @returns false if an object still sells, or has orders of others than synthetic people
 * @throws if a part does not answer
 */
export async function eraseRehearsal(
  env: RemovalEnv,
  config: CatalogConfig,
  { id, former }: RegisteredSale,
  sale?: Sale,
): Promise<boolean> {
  for (const skuId of former) {
    if (!(await eraseSku(env, config, skuId))) return false;
  }
  // Without their SKUs they delete themselves after a month as well.
  const allowances = sale?.perUserLimit === undefined ? [] : allowanceNames(id);
  await Promise.all(allowances.map((name) => allowanceAt(env, name).erase()));
  await lineOf(env, id).erase();
  await withRedis(config, "redis-background", (redis, keys) =>
    redis.hdel(keys.live, lineField(id)),
  );
  await registryOf(env).forget(id);
  await publishToEdges(env, config);
  log("rehearsal.removed", { saleId: id });
  return true;
}

/** Returns false if its object still sells, or has orders of others than synthetic people. */
async function eraseSku(env: InventoryEnv, config: CatalogConfig, skuId: string): Promise<boolean> {
  let after: OrderRef | null = null;
  do {
    const from: OrderRef | null = after;
    const page: AuditPage = await atObject(env, skuId, (object) => object.audit(from));
    const people = new Set(page.orders.map(({ userId }) => userId));
    await forgetPeople(config, [...people].filter(isSynthetic));
    after = page.next;
  } while (after);
  if (!(await atObject(env, skuId, (object) => object.erase()))) return false;
  // The number of its lanes is no longer stored.
  const names = namesOf([{ id: skuId, lanes: MAX_LANES }]);
  await withRedis(config, "redis-background", (redis, keys) =>
    Promise.all([
      redis.hdel(keys.live, ...names),
      redis.hdel(keys.attention, ...names),
      redis.hdel(keys.rebuilt, skuId),
      redis.del(...names.map(keys.buyersOf)),
    ]),
  );
  return true;
}

async function forgetPeople(config: CatalogConfig, userIds: string[]): Promise<void> {
  if (userIds.length === 0) return;
  await withRedis(config, "redis-background", (redis, keys) =>
    redis.del(...userIds.flatMap((userId) => [keys.ordersOf(userId), keys.underWayOf(userId)])),
  );
}
