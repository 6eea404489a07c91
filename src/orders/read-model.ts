// The read model: each user's orders in one Redis hash, written by version, rebuilt from the ledgers at
// any time. A status that only its owner can change next is read from the ledger instead.
import type { Redis } from "@upstash/redis/cloudflare";
import { itemOf } from "../catalog/item.ts";
import { knownCatalog } from "../catalog/snapshot.ts";
import { type Order, type OwnedOrder, orderSchema } from "../inventory/order.ts";
import { healed, replaceBad } from "../redis/bad-values.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, reportBad, textOf, WRITE_NEWER } from "../redis/versioned.ts";

/** How long a user's orders stay readable after the last change: 90 days. */
const RETENTION_SECONDS = 90 * 24 * 3600;

/** An order to write. `settled`: the consumer has nothing to do about it any more. */
interface Written extends OwnedOrder {
  settled?: boolean;
}

/**
 * KEYS   the keys that were lost, the dead letters, then the orders and the marks of each owner
 * ARGV   seconds to live, then id, version, stored text, 1 if settled of each order
 * The mark of an order ends here, and the letter of a settled one: neither means anything any more.
 * returns how many orders were newer; how many values were bad
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

/** Writes orders in one command; whatever Redis already has newer stays. Returns how many were newer. */
export async function writeOrders(redis: Redis, keys: Keys, orders: Written[]): Promise<number> {
  if (orders.length === 0) return 0;
  const owners = orders.flatMap(({ userId }) => [keys.ordersOf(userId), keys.underWayOf(userId)]);
  const fields = orders.flatMap(({ order, settled }) => [
    order.id,
    String(order.version),
    textOf(order.version, order),
    settled ? "1" : "0",
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
  /** Undefined when the text cannot be read: the ledger knows. */
  order: Order | undefined;
}

const toStored = (id: string, text: string): StoredOrder => ({ id, text, order: parse(text) });

/** One order; undefined when Redis has none of this id. */
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

/** Puts what the ledger says in the place of texts nobody can read; null: it has no such order. */
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

/** What Redis has of each order, in one round trip; undefined where it has nothing, or another type. */
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
