// Refuses buyers of a sold-out SKU from the edge's memory: no I/O, at most two seconds out of date. This file holds
// the edge's whole part of "sold out"; src/inventory/sold-out-feed.ts is the object's part.
//
// A caller who may have an order for the SKU is not refused here. The object looks up that order and makes none,
// so a returned unit becomes available to everyone at the same moment.
//
// Why the edge holds the set of buyers: without it, every refusal needs a call of the SKU's one object. Measured
// over 2,000 refusals of callers without an order, object calls per refusal: 1.00 without the set; 0.00 with 100
// buyers (listed by hash); 0.02 with 10,000 and with 60,000 buyers (in a Bloom filter).

import { type EdgeStock, releasableUnits, toEdgeStock } from "../catalog/edge-stock.ts";
import { peekStock } from "../catalog/live-reading.ts";
import { lanedSku } from "../catalog/schema.ts";
import type { CatalogScope } from "../catalog/store.ts";
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { refuse } from "../http/errors.ts";
import { BuyerFilter, type BuyerSummary, buyerHash, filterBytes } from "../inventory/buyers.ts";
import { callInventory } from "../inventory/client.ts";
import { lanesEver, type OrderAddress, objectName } from "../inventory/order-id.ts";
import { withRedis } from "../redis/client.ts";
import {
  type Admitted,
  type Attempt,
  type Identified,
  type Observer,
  objectOf,
  objectsOf,
  type Purchase,
  type Stage,
} from "./attempt.ts";

/** How long the edge relies on a stock that an object returned. The contract allows two seconds. */
const OBJECT_STOCK_MS = 2_000;
/** Longer than a list of buyers takes to reach every edge. */
const PUBLISHED_MS = 10_000;
/** How long other attempts leave the request for buyers to one attempt, which may never get an answer. */
const REQUESTING_MS = 1_000;
/** The filter of the first `base` buyers never changes. */
const FILTER_LIFE_MS = 86_400_000;

/** Sold-out stocks as returned by objects: newer than the published stock. */
const objectStocks = memory<EdgeStock>("objectStocks", {
  ttl: OBJECT_STOCK_MS,
  sizeOf: ({ buyers }) => 512 + 8 * (buyers?.recent.length ?? 0),
});
/** SKUs whose buyers one attempt is requesting from the object. */
const requesting = memory<true>("buyerRequests", { ttl: REQUESTING_MS });
/**
 * Buyers this isolate has just sold to, with the idempotency key of their order if it is known. Takes precedence over a list
 * published before their order.
 */
const justBought = memory<{ key?: string }>("bought", { ttl: PUBLISHED_MS, sizeOf: () => 128 });

interface HeldFilter {
  /** The least number of buyers in the filter. */
  base: number;
  filter: SwrCache<string, BuyerFilter, CatalogScope>;
}

const filters = memory<HeldFilter>("buyerFilters", {
  sizeOf: ({ base }) => 2_048 + filterBytes(base),
});

/**
 * Whether the client marks the attempt as a retry. The first try may have reached another edge and made an order
 * that is not published yet. The mark only makes the object look up that order: the attempt skips no stage
 * and makes no order.
 */
export const isMarkedRetry = ({ c }: Pick<Attempt, "c">): boolean =>
  c.req.header("idempotency-retry")?.toLowerCase() === "true";

const keyOf = ({ skuId, userId }: Pick<Identified, "skuId" | "userId">) => `${skuId}|${userId}`;

/** The caller's object: each lane publishes its own buyers. */
const nameOf = (attempt: Identified): string => objectName(objectOf(attempt));

/** Whether an earlier try of this attempt may have made an order. */
export const mayBeRetry = (attempt: Identified): boolean =>
  justBought.has(keyOf(attempt)) || isMarkedRetry(attempt);

/** Whether this attempt was just answered here with an order, and so will be again. It makes no other one. */
export const isKnownRepeat = (
  attempt: Identified & Partial<Pick<Purchase, "idempotencyKey">>,
): boolean => {
  const { idempotencyKey: key } = attempt;
  return key !== undefined && justBought.get(keyOf(attempt))?.key === key;
};

/** The stock with its buyers, as published or else as the object returned it. */
function knownStock({ c, entry }: Attempt, name: string): EdgeStock | undefined {
  const published = entry && peekStock(c.get("scope"), entry, name);
  return published?.buyers ? published : objectStocks.get(name);
}

/**
 * Held units that may come back, in all lanes: an object knows its own, the published stock those of all.
 *
 * @param own what the caller's object said
 */
export function heldAnywhere(attempt: Identified, own: number): number {
  const { c, entry, skuId } = attempt;
  const sku = entry?.sale.skus.find(({ id }) => id === skuId);
  if (!entry || !sku) return own;
  const { lanes = 1, former = [] } = lanedSku(entry, sku);
  if (lanesEver({ lanes, former }) === 1) return own; // newer than what is published
  const published = peekStock(c.get("scope"), entry, nameOf(attempt));
  return published ? Math.max(own, releasableUnits(sku, published)) : own;
}

export const soldOut: Stage<Identified> = {
  name: "sold-out",
  check(attempt) {
    const { entry, skuId } = attempt;
    const objects = objectsOf(attempt);
    const stock = knownStock(attempt, objectName(objects[0]));
    if (!attempt.pending && stock?.buyers && stock.available === 0) {
      const sku = entry?.sale.skus.find(({ id }) => id === skuId);
      const held = heldAnywhere(attempt, sku ? releasableUnits(sku, stock) : 0);
      attempt.pending = refuse("sold_out", { available: 0, held });
    }
    if (!attempt.pending || !isKnownNonBuyer(attempt, objects)) return undefined;
    if (mayBeRetry(attempt)) return undefined;
    return attempt.pending;
  },
  observe,
};

/**
 * Stores the buyers of a sold-out SKU, and the caller as a buyer after a sale. Only one attempt at a time requests
 * the buyers: the list may be long, and the object is busy.
 */
function observe(attempt: Admitted): Observer {
  const name = nameOf(attempt);
  const wantsBuyers = !requesting.has(name) && !objectStocks.has(name);
  if (wantsBuyers) requesting.set(name, true);
  attempt.wantsBuyers = wantsBuyers;
  return (answer) => {
    if (!answer.ok) return; // another attempt requests the buyers after REQUESTING_MS
    if (wantsBuyers) requesting.delete(name);
    const { value } = answer;
    if (value.ok) justBought.set(keyOf(attempt), { key: attempt.idempotencyKey });
    else if (value.reason === "user_limit_reached") justBought.set(keyOf(attempt), {});
    else if (value.stock?.buyers !== undefined) {
      const stock = toEdgeStock(value.stock);
      // With another refusal the units are those of one lane, and others may have some.
      const available = value.reason === "sold_out" ? 0 : Math.max(1, stock.available);
      objectStocks.set(name, { ...stock, available });
    }
  };
}

/** Whether the caller certainly has no order, in any object that may have one of theirs. */
function isKnownNonBuyer(attempt: Identified, objects: OrderAddress[]): boolean {
  const hash = buyerHash(attempt.userId);
  return objects.every((address) => {
    const buyers = knownStock(attempt, objectName(address))?.buyers;
    return buyers && !mayHaveBought(attempt.c.get("scope"), address, buyers, hash);
  });
}

/**
 * Whether a user id with this hash may have bought the SKU. Does not wait. Never false for a buyer; also true while
 * the filter is being loaded.
 */
function mayHaveBought(
  scope: CatalogScope,
  address: OrderAddress,
  buyers: BuyerSummary,
  hash: number,
): boolean {
  if (buyers.recent.includes(hash)) return true;
  if (buyers.base === 0) return false;
  return filterOf(address, buyers.base).peek(scope)?.mayHave(hash) ?? true;
}

/** A filter that contains at least the first `base` buyers. */
function filterOf(
  address: OrderAddress,
  base: number,
): SwrCache<string, BuyerFilter, CatalogScope> {
  const name = objectName(address);
  const held = filters.get(name);
  if (held && held.base >= base) return held.filter;
  const filter = new SwrCache({
    name: `buyers/${name}/${base}`,
    freshMs: FILTER_LIFE_MS,
    revalidateMs: FILTER_LIFE_MS,
    staleMs: FILTER_LIFE_MS,
    load: async (scope: CatalogScope) =>
      (await readFilter(scope, name, base)) ?? requestFilter(scope, address),
    build: (text: string) => parseFilter(text, base),
    fallback: (scope: CatalogScope) => requestFilter(scope, address),
  });
  filters.set(name, { base, filter });
  return filter;
}

/** The filter in Redis; undefined if it is absent or has fewer than `base` buyers. */
async function readFilter(
  scope: CatalogScope,
  name: string,
  base: number,
): Promise<string | undefined> {
  const text = await withRedis(scope.config, "redis-background", (redis, keys) =>
    redis.get<string>(keys.buyersOf(name)),
  );
  return (BuyerFilter.parse(text ?? "")?.count ?? -1) >= base ? (text as string) : undefined;
}

/** The filter from the object, which also writes it to Redis again. */
async function requestFilter({ env }: CatalogScope, address: OrderAddress): Promise<string> {
  const answer = await callInventory(env, address, (object) => object.buyerFilter());
  if (!answer.ok) throw answer.cause;
  return answer.value;
}

function parseFilter(text: string, base: number): BuyerFilter {
  const filter = BuyerFilter.parse(text);
  if (!filter || filter.count < base) {
    throw new Error(`not a filter of at least ${base} buyers`);
  }
  return filter;
}
