// How a user's orders are read, by the buyer or an operator: from Redis, and from the ledgers where those may be newer.
import type { Redis } from "@upstash/redis/cloudflare";
import { readCatalog } from "../catalog/snapshot.ts";
import { authenticate, limitReads } from "../funnel/funnel.ts";
import { refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import type { Order } from "../inventory/order.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { toFields, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { ALL_SKUS } from "../redis/rebuilt.ts";
import { rememberedMarks, toMarks, unmark } from "../redis/under-way.ts";
import { inventoryRefusal, mayHaveOrders, type Outcome, type OwnedRef, refused } from "./buyer.ts";
import { ledgersToProbe, readLedgers } from "./ledger-reads.ts";
import {
  decodePosition,
  encodePosition,
  ledgersToRead,
  type Mine,
  type Page,
  toPage,
} from "./page.ts";
import { readOrder, replaceOrders, toOrders } from "./read-model.ts";

/** Where an order was read. */
export type Source = "read-model" | "ledger";

/** Runs work on Redis for a waiting caller. Undefined if Redis does not answer. */
const fromRedis = <T>(
  c: AppContext,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T | undefined> =>
  withRedis(c.get("config"), "redis", work).catch((error) => {
    log("orders.read_failed", { requestId: c.get("requestId"), cause: causeOf(error) });
    return undefined;
  });

/** The same, after the response. */
const afterResponse = (c: AppContext, work: (redis: Redis, keys: Keys) => Promise<void>): void =>
  c.executionCtx.waitUntil(fromRedis(c, work));

/**
 * Finds an order of the caller. A reserved one is read from its ledger, so that buyers read their own writes. All
 * others come from Redis and cost the object nothing.
 */
export async function findOrder(
  c: AppContext,
  { ref, address, attempt }: OwnedRef,
): Promise<Outcome<{ order: Order; source: Source }>> {
  const may = await limitReads(attempt);
  if (!may.ok) return may;
  const { userId, orderId } = ref;
  const stored = await fromRedis(c, (redis, keys) => readOrder(redis, keys, userId, orderId));
  const known = stored?.order && { ok: true as const, order: stored.order };
  if (known && known.order.status !== "reserved") return { ...known, source: "read-model" };
  if (!stored && !(await mayHaveOrders(c, address))) return refused(refuse("not_found"));
  const answer = await callInventory(c.env, address, (inventory) => inventory.find(ref));
  if (!answer.ok) {
    return known ? { ...known, source: "read-model" } : refused(inventoryRefusal(c, answer));
  }
  const order = answer.value;
  if (stored && !known) {
    afterResponse(c, (redis, keys) => replaceOrders(redis, keys, [{ userId, stored, order }]));
  }
  return order ? { ok: true, order, source: "ledger" } : refused(refuse("not_found"));
}

/** A page of the caller's orders, newest first. `incomplete`: some may be missing for now. */
export interface OrderList {
  orders: Order[];
  nextCursor?: string;
  incomplete?: true;
}

/** Lists the caller's orders after `cursor`. */
export async function listOrders(c: AppContext, cursor?: string): Promise<Outcome<OrderList>> {
  const entered = await authenticate(c);
  if (!entered.ok) return entered;
  const may = await limitReads(entered.attempt);
  if (!may.ok) return may;
  const { orderHistoryOff } = (await readCatalog(c.get("scope"))).switchesFor({}, Date.now());
  if (orderHistoryOff) return refused(HISTORY_OFF);
  const { userId } = entered.attempt;
  return ordersOf(c, userId, cursor, userId);
}

/**
 * Lists a user's orders after `cursor`. A page takes one Redis round trip and a few ledgers.
 *
 * @param caller whose budget of ledger calls is used
 */
export async function ordersOf(
  c: AppContext,
  userId: string,
  cursor: string | undefined,
  caller: string,
): Promise<Outcome<OrderList>> {
  const after = decodePosition(cursor);
  if (after === undefined) {
    const issues = [{ path: "cursor", message: "is not a cursor of this list" }];
    return refused(refuse("invalid_request", { issues }));
  }
  const mine = await fromRedis(c, (redis, keys) => readMine(redis, keys, userId));
  const known = withRemembered(userId, mine ?? NOTHING);
  const skuIds = ledgersToRead(known, after);
  if (known.incomplete) skuIds.push(...(await ledgersToProbe(c, caller)));
  const answers = await readLedgers(c, userId, skuIds, caller);
  const page = toPage(known, answers, after, Date.now());
  repair(c, userId, page);
  return { ok: true, ...toList(page) };
}

const HISTORY_OFF = refuse("unavailable", {
  because: "listOff",
  detail: "Your orders can't be listed right now. None are lost, and each order's own page works.",
  retryAfterSeconds: 30,
});

const toList = ({ orders, next, incomplete }: Page): OrderList => ({
  orders,
  ...(next ? { nextCursor: encodePosition(next) } : {}),
  ...(incomplete ? { incomplete } : {}),
});

/** Reads what Redis has of a user, in one round trip. */
function readMine(redis: Redis, keys: Keys, userId: string): Promise<Mine> {
  const [own, underWay] = [keys.ordersOf(userId), keys.underWayOf(userId)];
  const typed = [
    { key: own, type: "hash" },
    { key: underWay, type: "zset" },
    { key: keys.rebuilt, type: "hash" },
  ] as const;
  return healed(redis, keys, [...typed], async () => {
    const [orders, marks, rebuilt, lost] = await redis
      .pipeline()
      .hgetall(own)
      .zrange(underWay, 0, -1, { withScores: true })
      .hget(keys.rebuilt, ALL_SKUS)
      .smismember(keys.lost, [own, underWay])
      .exec<[string[] | null, string[], string | null, number[]]>();
    return {
      stored: toOrders(toFields(orders)),
      marks: toMarks(marks),
      incomplete: rebuilt === null || lost.includes(1),
    };
  });
}

/** Adds the marks that this isolate could not write to Redis. */
const withRemembered = (userId: string, mine: Mine): Mine => ({
  ...mine,
  marks: [...mine.marks, ...rememberedMarks(userId)],
});

/** After the response, removes obsolete marks and replaces unreadable orders with those of the ledgers. */
function repair(c: AppContext, userId: string, { obsoleteMarks, unreadable }: Page): void {
  if (obsoleteMarks.length === 0 && unreadable.length === 0) return;
  afterResponse(c, async (redis, keys) => {
    await unmark(redis, keys, userId, obsoleteMarks);
    await replaceOrders(
      redis,
      keys,
      unreadable.map((found) => ({ userId, ...found })),
    );
  });
}

/** The data of a user while Redis does not answer. */
const NOTHING: Mine = { stored: [], marks: [], incomplete: true };
