// Reading one's own orders: from Redis, and from the ledgers where those may know better.
import type { Redis } from "@upstash/redis/cloudflare";
import type { LimitPolicy } from "../catalog/protection.ts";
import { saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { refuse } from "../errors.ts";
import { budgetOf } from "../funnel/budget.ts";
import { enter, mayRead } from "../funnel/funnel.ts";
import type { AppContext } from "../http.ts";
import { callInventory, LANE } from "../inventory/client.ts";
import type { Order } from "../inventory/order.ts";
import { causeOf, log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { INTERACTIVE_LIMIT_MS, toFields, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { ALL_SKUS } from "../redis/rebuilt.ts";
import { rememberedMarks, toMarks, unmark } from "../redis/under-way.ts";
import { inventoryRefusal, mayHaveOrders, type Outcome, type OwnedRef, refused } from "./buyer.ts";
import {
  type Answers,
  decodePosition,
  encodePosition,
  ledgersToRead,
  type Mine,
  type Page,
  toPage,
} from "./page.ts";
import { readOrder, replaceOrders, toOrders } from "./read-model.ts";

/** Where an order's state was read. */
export type Source = "read-model" | "ledger";

/** Redis for somebody who waits; undefined when it is silent. */
const fromRedis = <T>(
  c: AppContext,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T | undefined> =>
  withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, work).catch((error) => {
    log("orders.read_failed", { requestId: c.get("requestId"), cause: causeOf(error) });
    return undefined;
  });

/** The same behind the answer. */
const behind = (c: AppContext, work: (redis: Redis, keys: Keys) => Promise<void>): void =>
  c.executionCtx.waitUntil(fromRedis(c, work));

/**
 * An order whose status can still change by its owner's hand is read from the ledger, so that buyers
 * read their own writes; everything else comes from Redis and costs the object nothing.
 */
export async function findOrder(
  c: AppContext,
  { ref, address, attempt }: OwnedRef,
): Promise<Outcome<{ order: Order; source: Source }>> {
  const may = await mayRead(attempt);
  if (!may.ok) return may;
  const { userId, orderId } = ref;
  const stored = await fromRedis(c, (redis, keys) => readOrder(redis, keys, userId, orderId));
  const known = stored?.order && { ok: true as const, order: stored.order };
  if (known && known.order.status !== "reserved") return { ...known, source: "read-model" };
  if (!stored && !(await mayHaveOrders(c, address.skuId))) return refused(refuse("not_found"));
  const answer = await callInventory(c.env, address, (inventory) => inventory.find(ref));
  if (!answer.ok) {
    return known ? { ...known, source: "read-model" } : refused(inventoryRefusal(c, answer));
  }
  const order = answer.value;
  if (stored && !known) {
    behind(c, (redis, keys) => replaceOrders(redis, keys, [{ userId, stored, order }]));
  }
  return order ? { ok: true, order, source: "ledger" } : refused(refuse("not_found"));
}

/** A page of the caller's orders, newest first. `incomplete`: some may be missing, for now. */
export interface OrderList {
  orders: Order[];
  nextCursor?: string;
  incomplete?: true;
}

/** The caller's orders after `cursor`, the whole of a page from one Redis round trip and few ledgers. */
export async function listOrders(c: AppContext, cursor?: string): Promise<Outcome<OrderList>> {
  const entered = await enter(c);
  if (!entered.ok) return entered;
  const may = await mayRead(entered.attempt);
  if (!may.ok) return may;
  const after = decodePosition(cursor);
  if (after === undefined) {
    const issues = [{ path: "cursor", message: "is not a cursor of this list" }];
    return refused(refuse("invalid_request", { issues }));
  }
  const { userId } = entered.attempt;
  const mine = await fromRedis(c, (redis, keys) => readMine(redis, keys, userId));
  const known = withRemembered(userId, mine ?? NOTHING);
  const skuIds = ledgersToRead(known, after);
  if (known.incomplete) skuIds.push(...(await ledgersToTry(c, userId)));
  const answers = await readLedgers(c, userId, skuIds);
  const page = toPage(known, answers, after, Date.now());
  putRight(c, userId, page);
  return { ok: true, ...toList(page) };
}

const toList = ({ orders, next, incomplete }: Page): OrderList => ({
  orders,
  ...(next ? { nextCursor: encodePosition(next) } : {}),
  ...(incomplete ? { incomplete } : {}),
});

/** What Redis has of a user, in one round trip. */
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

/** Attempts of this isolate that Redis could not note count as if it had. */
const withRemembered = (userId: string, mine: Mine): Mine => ({
  ...mine,
  marks: [...mine.marks, ...rememberedMarks(userId)],
});

/** Behind the answer: what the ledgers said takes the place of what was bad or is over. */
function putRight(c: AppContext, userId: string, { settled, unreadable }: Page): void {
  if (settled.length === 0 && unreadable.length === 0) return;
  behind(c, async (redis, keys) => {
    await unmark(redis, keys, userId, settled);
    await replaceOrders(
      redis,
      keys,
      unreadable.map((found) => ({ userId, ...found })),
    );
  });
}

/** What is known of a user while Redis is silent. */
const NOTHING: Mine = { stored: [], marks: [], incomplete: true };

/** Looking at lists makes ledgers work: for one caller so many calls a minute and isolate, */
const LEDGER_CALLS: LimitPolicy = { algorithm: "fixed-window", limit: 300, windowSeconds: 60 };
/** and so many looks for orders that Redis does not know of. */
const TRIES: LimitPolicy = { algorithm: "fixed-window", limit: 6, windowSeconds: 60 };
const MAX_LEDGERS_TRIED = 20;
/** While a sale sells, and this long after, its ledgers are worth a try. */
const RECENT_MS = 3_600_000;

/** What the ledgers of these SKUs have of the caller; those that fail, or are too many, are left out. */
async function readLedgers(c: AppContext, userId: string, skuIds: string[]): Promise<Answers> {
  const budget = budgetOf(`ledgers:${userId}`, LEDGER_CALLS, Date.now());
  const asked = [...new Set(skuIds)].slice(0, Math.max(0, budget.left));
  budget.left -= asked.length;
  const entries = asked.map(async (skuId) => {
    const address = { skuId, lane: LANE };
    const answer = await callInventory(c.env, address, (object) => object.ordersOf(userId));
    return [skuId, answer.ok ? answer.value : undefined] as const;
  });
  return new Map(await Promise.all(entries));
}

/** Some SKUs that may have orders of the caller, where Redis cannot tell: of what sells now or sold lately. */
async function ledgersToTry(c: AppContext, userId: string): Promise<string[]> {
  const tries = budgetOf(`tries:${userId}`, TRIES, Date.now());
  if (tries.left <= 0) return [];
  tries.left -= 1;
  const catalog = await readCatalog(c);
  const now = Date.now();
  return catalog.entries
    .filter(({ sale }) => saleState(sale, now) !== "upcoming")
    .filter(({ sale }) => now < Date.parse(sale.closesAt) + RECENT_MS)
    .sort((a, b) => b.sale.opensAt.localeCompare(a.sale.opensAt))
    .flatMap(({ sale }) => sale.skus.map(({ id }) => id))
    .filter((skuId) => catalog.hasEverSold(skuId))
    .slice(0, MAX_LEDGERS_TRIED);
}
