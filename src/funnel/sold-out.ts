// Sold out, as the edge knows it: at most two seconds old, no I/O. Only who cannot have an order is refused
// here: a buyer who may already have one is asking about that order, and only the object can answer.
import { comingBack, type EdgeStock, peekStock, toEdgeStock } from "../catalog/live.ts";
import { refuse } from "../errors.ts";
import { buyerHash } from "../inventory/buyers.ts";
import type { ReserveResult } from "../inventory/sku-inventory.ts";
import { memory } from "../memory.ts";
import type { Attempt, Stage } from "./attempt.ts";

/** What an object said is believed this long. */
const BELIEVED_MS = 2_000;
/** Longer than it takes until every edge has read who the buyers are. */
const NEWS_MS = 10_000;
/** An attempt that asks is back by then, or never. */
const ASKING_MS = 1_000;

/** Sold out as the object itself answered it: known here before it is published. */
const answered = memory<EdgeStock>("answered", {
  ttl: BELIEVED_MS,
  sizeOf: ({ buyers }) => 200 + (buyers?.bytes ?? 0),
});
const asking = memory<true>("asking", { ttl: ASKING_MS });
/** Buyers this isolate has just let in: they know better than news from before their order. */
const justBought = memory<true>("bought", { ttl: NEWS_MS });

/**
 * Says that an attempt was sent before, and perhaps to another edge: it may have got a unit that came back
 * since the news here, so the object is asked. The limits hold for it all the same.
 */
const RETRY_HEADER = "idempotency-retry";

type Who = Pick<Attempt, "skuId" | "userId">;

const keyOf = ({ skuId, userId }: Who) => `${skuId}|${userId}`;

/**
 * Whether an attempt should bring home who the buyers are, should it find the SKU sold out. One at a time:
 * the list may be long, and the object has a crowd to answer.
 */
export function asksForBuyers({ skuId }: Who): boolean {
  if (asking.has(skuId) || answered.has(skuId)) return false;
  asking.set(skuId, true);
  return true;
}

/** Learns from an object's answer. Whoever has an order now has it, whatever was published before. */
export function noteAnswer(who: Who, asked: boolean, result: ReserveResult): void {
  if (asked) asking.delete(who.skuId);
  if (result.ok || result.reason === "user_limit_reached") justBought.set(keyOf(who), true);
  else if (result.reason === "sold_out" && result.buyers !== undefined) {
    answered.set(who.skuId, toEdgeStock(result));
  }
}

export const soldOut: Stage = {
  name: "sold-out",
  check(attempt) {
    const { c, entry, skuId, userId } = attempt;
    if (userId === undefined) return undefined;
    const published = peekStock(c, entry, skuId);
    const stock = published?.available === 0 ? published : answered.get(skuId);
    if (!stock?.buyers || stock.buyers.mayHave(buyerHash(userId))) return undefined;
    if (justBought.has(keyOf(attempt)) || c.req.header(RETRY_HEADER)) return undefined;
    const sku = entry.sale.skus.find(({ id }) => id === skuId);
    return refuse("sold_out", { available: 0, held: sku ? comingBack(sku, stock) : 0 });
  },
};
