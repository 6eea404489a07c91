// The read model: each user's orders in one Redis hash, written by version, rebuilt from the ledgers at
// any time. A status that only its owner can change next is read from the ledger instead.
import type { Redis } from "@upstash/redis/cloudflare";
import { itemOf } from "../catalog/item.ts";
import { knownCatalog } from "../catalog/snapshot.ts";
import { type Order, type OwnedOrder, orderSchema } from "../inventory/order.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, writeNewer } from "../redis/versioned.ts";

/** How long a user's orders stay readable after the last change: 90 days. */
const RETENTION_SECONDS = 90 * 24 * 3600;

/** Writes orders in one command; whatever Redis already has newer stays. Returns how many were newer. */
export function writeOrders(redis: Redis, keys: Keys, orders: OwnedOrder[]): Promise<number> {
  return writeNewer(
    redis,
    orders.map(({ userId, order }) => ({
      key: keys.ordersOf(userId),
      field: order.id,
      version: order.version,
      value: order,
      expireSeconds: RETENTION_SECONDS,
    })),
  );
}

export async function readOrder(
  redis: Redis,
  keys: Keys,
  userId: string,
  orderId: string,
): Promise<Order | undefined> {
  return parse(await redis.hget<string>(keys.ordersOf(userId), orderId));
}

export async function readOrders(redis: Redis, keys: Keys, userId: string): Promise<Order[]> {
  const texts = (await redis.hvals(keys.ordersOf(userId))) as string[];
  return texts.flatMap((text) => parse(text) ?? []);
}

/** The version Redis has of each order, in one round trip; undefined where it has none. */
export async function readVersions(
  redis: Redis,
  keys: Keys,
  orders: OwnedOrder[],
): Promise<(number | undefined)[]> {
  const pipeline = redis.pipeline();
  for (const { userId, order } of orders) pipeline.hget(keys.ordersOf(userId), order.id);
  const texts = await pipeline.exec<(string | null)[]>();
  return texts.map((text) => readVersioned(text)?.version);
}

/** A text that is no order reads as absent: the ledger has the truth, and a rebuild mends it. */
function parse(text: string | null): Order | undefined {
  const order = orderSchema.safeParse(withWords(readVersioned(text)?.value));
  return order.success ? order.data : undefined;
}

/** An order from before orders kept their words borrows those of the catalog, as far as they are at hand. */
function withWords(value: unknown): unknown {
  const order = value as Partial<Order> | null | undefined;
  if (!order || order.item) return value;
  const found = knownCatalog()?.sku(String(order.skuId));
  if (!found || found.entry.sale.id !== order.saleId) return value;
  return { ...order, item: itemOf(found.entry.sale, found.sku) };
}
