// Sold out, as the edge knows it: at most two seconds old, no I/O. It stands behind identity, because a
// buyer who may already have an order is asking about that order, and only the object can answer.
import { LRUCache } from "lru-cache";
import { peekStock } from "../catalog/live.ts";
import { refuse } from "../errors.ts";
import { buyerHash } from "../inventory/buyers.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { memoryFor } from "./memory.ts";

/** Longer than it takes until every edge has read who the buyers are. */
const NEWS_MS = 10_000;

/** Buyers this isolate has just let in: they know better than news from before their order. */
const justBought = new LRUCache<string, true>({ max: 20_000, ...memoryFor(NEWS_MS) });

const keyOf = ({ skuId, userId }: Pick<Attempt, "skuId" | "userId">) => `${skuId}|${userId}`;

/** Somebody has an order now, whatever the published stock still says. */
export function noteBuyer(buyer: Pick<Attempt, "skuId" | "userId">): void {
  justBought.set(keyOf(buyer), true);
}

export const soldOut: Stage = {
  name: "sold-out",
  check(attempt) {
    const { c, entry, skuId, userId } = attempt;
    const stock = peekStock(c, entry, skuId);
    if (stock?.available !== 0 || !stock.buyers) return undefined;
    if (stock.buyers.has(buyerHash(userId)) || justBought.has(keyOf(attempt))) return undefined;
    return refuse("sold_out", { available: 0 });
  },
};
