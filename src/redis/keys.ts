// Every key name in Redis, so that nothing else spells one. All start with the prefix of this deployment:
// several can share one database.
import type { Config } from "../config.ts";

/** No part of a prefix may be one of these: `shop:orders:` would meet the orders that `shop:` keeps. */
export const KEY_NAMES = [
  "catalog",
  "live",
  "buyers",
  "rules",
  "limit",
  "orders",
  "under-way",
  "rebuilt",
  "lost",
  "dead-letters",
  "ready",
] as const;

/** The keys of one deployment. */
export interface Keys {
  /** Hash: the published catalog, and its version beside it. */
  catalog: string;
  /** Hash: SKU id → its stock, as its object last published it. */
  live: string;
  /** A filter of the buyers of a sold-out SKU, see `inventory/buyers.ts`. */
  buyersOf(skuId: string): string;
  /** Hash: effect, kind and value → deny or allow rule. */
  rules: string;
  /** Hash: message id → dead letter. */
  deadLetters: string;
  /** Prefix of the rate limiters' own keys. */
  limit: string;
  /** Hash of one user's orders: order id → versioned order. */
  ordersOf(userId: string): string;
  /** Whose orders a key of `ordersOf` holds; undefined for another key. */
  ownerOf(key: string): string | undefined;
  /** Sorted set: ids of orders that one user's latest attempts may have made, by milliseconds. */
  underWayOf(userId: string): string;
  /** Hash: SKU id → its orders were copied since Redis was emptied; see `restore.ts`. */
  rebuilt: string;
  /** Set: keys that were removed because they held another type. */
  lost: string;
  /** Written by `/readyz`. */
  ready: string;
}

export const keysOf = ({ REDIS_PREFIX: prefix }: Pick<Config, "REDIS_PREFIX">): Keys => ({
  catalog: `${prefix}catalog`,
  live: `${prefix}live`,
  buyersOf: (skuId) => `${prefix}buyers:${skuId}`,
  rules: `${prefix}rules`,
  deadLetters: `${prefix}dead-letters`,
  limit: `${prefix}limit`,
  ordersOf: (userId) => `${prefix}orders:${userId}`,
  ownerOf: (key) =>
    key.startsWith(`${prefix}orders:`) ? key.slice(`${prefix}orders:`.length) : undefined,
  underWayOf: (userId) => `${prefix}under-way:${userId}`,
  rebuilt: `${prefix}rebuilt`,
  lost: `${prefix}lost`,
  ready: `${prefix}ready`,
});
