// Every key name in Redis, so that nothing else spells one.

/** Hash: sale id → versioned sale. */
export const CATALOG_KEY = "catalog";

/** Hash of one user's orders: order id → versioned order. */
export const userOrdersKey = (userId: string): string => `orders:${userId}`;

/** Prefix of the rate limiters' own keys. */
export const RATE_LIMIT_PREFIX = "limit";

/** Hash: message id → dead letter. */
export const DEAD_LETTERS_KEY = "dead-letters";

/** Hash: SKU id → units that are free, as its object last published them. */
export const LIVE_KEY = "live";

/** Hash: effect, kind and value → deny or allow rule. */
export const RULES_KEY = "rules";
