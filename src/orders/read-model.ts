// The read model: each user's orders in one Redis hash, written by version. It can be rebuilt from the ledgers at
// any time. A reserved order is read from its ledger instead, because its owner can change it.
import type { Redis } from "@upstash/redis/cloudflare";
import { itemOf } from "../catalog/order-item.ts";
import { heldCatalog } from "../catalog/snapshot.ts";
import { type Order, type OwnedOrder, orderSchema } from "../inventory/order.ts";
import { healed, replaceBad } from "../redis/bad-values.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, reportBad, textOf, WRITE_NEWER } from "../redis/versioned.ts";

/** How long a user's orders stay readable after the last change. */
const RETENTION_SECONDS = 90 * 24 * 3600;

/** An order to write. `isDone`: the consumer has nothing left to do about it. */
interface Written extends OwnedOrder {
  isDone?: boolean;
}

/**
 * KEYS     the keys that were lost, the dead letters, then orders and marks of each owner
 * ARGV     seconds to live, then of each order: id, version, stored text, 1 if done
 * Deletes the mark of each order and the dead letter of each done one: both are obsolete.
 * returns  number of orders that were newer, number of bad values
 */
const WRITE_ORDERS = `${WRITE_NEWER}
local written = 0
local letters = redis.pcall('EXISTS', KEYS[2]) == 1
for i = 1, #KEYS / 2 - 1 do
  local key, at = KEYS[2*i+1], 4*i - 2
  local id = ARGV[at]
  if write_newer(KEYS[1], key, id, ARGV[at+1], ARGV[at+2]) then
    redis.call('EXPIRE', key, ARGV[1])
    written = written + 1
  end
  redis.pcall('ZREM', KEYS[2*i+2], id)
  if letters and ARGV[at+3] == '1' then redis.pcall('HDEL', KEYS[2], id) end
end
return {written, bad}`;

/** Writes orders in one command. Newer versions in Redis stay. Returns how many orders were newer. */
export async function writeOrders(redis: Redis, keys: Keys, orders: Written[]): Promise<number> {
  if (orders.length === 0) return 0;
  const owners = orders.flatMap(({ userId }) => [keys.ordersOf(userId), keys.underWayOf(userId)]);
  const fields = orders.flatMap(({ order, isDone }) => [
    order.id,
    String(order.version),
    textOf(order.version, order),
    isDone ? "1" : "0",
  ]);
  const [written, bad] = await redis
    .createScript<[number, number]>(WRITE_ORDERS)
    .exec([keys.lost, keys.deadLetters, ...owners], [String(RETENTION_SECONDS), ...fields]);
  reportBad(bad);
  return written;
}

/** An order as Redis has it. */
export interface StoredOrder {
  id: string;
  text: string;
  /** Undefined if the text cannot be read. The ledger has the order. */
  order: Order | undefined;
}

const toStored = (id: string, text: string): StoredOrder => ({ id, text, order: parse(text) });

/** One order. Undefined if Redis has none with this id. */
export async function readOrder(
  redis: Redis,
  keys: Keys,
  userId: string,
  orderId: string,
): Promise<StoredOrder | undefined> {
  const key = keys.ordersOf(userId);
  const text = await healed(redis, keys, [{ key, type: "hash" }], () =>
    redis.hget<string>(key, orderId),
  );
  return text === null ? undefined : toStored(orderId, text);
}

/** All of a user's orders, from the fields of their hash. */
export const toOrders = (fields: ReadonlyMap<string, string>): StoredOrder[] =>
  [...fields].map(([id, text]) => toStored(id, text));

/** Replaces unreadable texts with what the ledger has. Null: it has no such order. */
export function replaceOrders(
  redis: Redis,
  keys: Keys,
  orders: { userId: string; stored: StoredOrder; order: Order | null }[],
): Promise<void> {
  return replaceBad(
    redis,
    "orders",
    orders.map(({ userId, stored, order }) => ({
      key: keys.ordersOf(userId),
      field: stored.id,
      bad: stored.text,
      text: order && textOf(order.version, order),
    })),
  );
}

/** Reads each order in one round trip. Undefined where Redis has nothing, or a key of another type. */
export async function readSample(
  redis: Redis,
  keys: Keys,
  orders: OwnedOrder[],
): Promise<(StoredOrder | undefined)[]> {
  const pipeline = redis.pipeline();
  for (const { userId, order } of orders) pipeline.hget<string>(keys.ordersOf(userId), order.id);
  const answers = await pipeline.exec<(string | null)[]>({ keepErrors: true });
  return answers.map(({ result }, at) => {
    const id = (orders[at] as OwnedOrder).order.id;
    return typeof result === "string" ? toStored(id, result) : undefined;
  });
}

function parse(text: string): Order | undefined {
  const order = orderSchema.safeParse(withItem(readVersioned(text)?.value));
  return order.success ? order.data : undefined;
}

/** Adds the item of the catalog to an order from before orders stored one, if the catalog is in memory. */
function withItem(value: unknown): unknown {
  const order = value as Partial<Order> | null | undefined;
  if (!order || order.item) return value;
  const found = heldCatalog()?.sku(String(order.skuId));
  if (!found || found.entry.sale.id !== order.saleId) return value;
  return { ...order, item: itemOf(found.entry.sale, found.sku, {}) };
}
