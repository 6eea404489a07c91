// The names of all keys in Redis. Each starts with the prefix of its deployment, so that several deployments can
// share one database.
import type { Config } from "../config/config.ts";
import type { KeyName } from "../config/formats.ts";

/** The keys of one deployment. */
export interface Keys {
  /** Hash: the published catalog. */
  catalog: string;
  /**
   * Hash of all that edges read again and again, so that one command reads it: SKU id → its stock, as its object last published
   * it; lines; `CATALOG_FIELD` and `RULES_FIELD`.
   */
  live: string;
  /** Hash: SKU id → what needs the operator there, as its object last published it. */
  attention: string;
  /** String: filter of the buyers of a sold-out SKU, see `inventory/buyers.ts`. */
  buyersOf(skuId: string): string;
  /** Hash: effect, kind and value → deny or allow rule. */
  rules: string;
  /** Hash: message id → dead letter. */
  deadLetters: string;
  /** Prefix of the rate limiters' own keys. */
  limit: string;
  /** Hash: order id → versioned order of one user. */
  ordersOf(userId: string): string;
  /** The user of a key of `ordersOf`. Undefined for any other key. */
  ownerOf(key: string): string | undefined;
  /** Sorted set: ids of orders that one user's recent attempts may have made, by milliseconds. */
  underWayOf(userId: string): string;
  /** Hash: ids of SKUs whose orders were copied since Redis was emptied, see `rebuilt.ts`. */
  rebuilt: string;
  /** Set: keys that were removed because they had another type. */
  lost: string;
  /** Written by `/readyz`. */
  ready: string;
}

/** The version of the catalog in Redis. Like the next one, not a valid SKU id. */
export const CATALOG_FIELD = "#catalog";
/** A text that every change of the rules in Redis replaces. It says nothing else. */
export const RULES_FIELD = "#rules";

export function keysOf({ REDIS_PREFIX }: Pick<Config, "REDIS_PREFIX">): Keys {
  const key = (name: KeyName) => REDIS_PREFIX + name;
  const orders = `${key("orders")}:`;
  return {
    catalog: key("catalog"),
    live: key("live"),
    attention: key("attention"),
    buyersOf: (skuId) => `${key("buyers")}:${skuId}`,
    rules: key("rules"),
    deadLetters: key("dead-letters"),
    limit: key("limit"),
    ordersOf: (userId) => orders + userId,
    ownerOf: (name) => (name.startsWith(orders) ? name.slice(orders.length) : undefined),
    underWayOf: (userId) => `${key("under-way")}:${userId}`,
    rebuilt: key("rebuilt"),
    lost: key("lost"),
    ready: key("ready"),
  };
}
