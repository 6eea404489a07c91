// Sold out, as the edge knows it: at most two seconds old, no I/O. A person who cannot have an order is
// refused here. A buyer who may have one is asking about that order, and only the object can answer: it looks
// for the order and makes none, so that a unit that came back is offered to everybody at the same moment.
import { mayHaveBought } from "../catalog/buyers.ts";
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
  sizeOf: ({ buyers }) => 512 + 8 * (buyers?.recent.length ?? 0),
});
const asking = memory<true>("asking", { ttl: ASKING_MS });
/** Buyers this isolate has just let in: they know better than news from before their order. */
const justBought = memory<true>("bought", { ttl: NEWS_MS });

/**
 * Says that an attempt was sent before, perhaps to another edge, where it may have become an order since the
 * news here. It has the object look for that order, and nothing else: no stage is skipped, no order is made.
 */
export const isRetry = ({ c }: Pick<Attempt, "c">): boolean =>
  c.req.header("idempotency-retry")?.toLowerCase() === "true";

type Who = Pick<Attempt, "skuId" | "userId">;

const keyOf = ({ skuId, userId }: Who) => `${skuId}|${userId}`;

/** Whether the edge has reason to think that this attempt is about an order that was made already. */
export const mayBeRepeat = (attempt: Attempt): boolean =>
  justBought.has(keyOf(attempt)) || isRetry(attempt);

/**
 * Whether an attempt should bring home who the buyers are, should everybody be refused. One at a time: the
 * list may be long, and the object has a crowd to answer.
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
  else if (result.stock?.buyers !== undefined) {
    answered.set(who.skuId, toEdgeStock(result.stock));
  }
}

/** The stock with its buyers, as it was published or as the object told it. */
function told({ c, entry, skuId }: Attempt): EdgeStock | undefined {
  const published = entry && peekStock(c, entry, skuId);
  return published?.buyers ? published : answered.get(skuId);
}

export const soldOut: Stage = {
  name: "sold-out",
  check(attempt) {
    const { c, entry, skuId, userId } = attempt;
    if (userId === undefined) return undefined;
    const stock = told(attempt);
    const buyers = stock?.buyers;
    if (!attempt.pending && buyers && stock.available === 0) {
      const sku = entry.sale.skus.find(({ id }) => id === skuId);
      const held = sku ? comingBack(sku, stock) : 0;
      attempt.pending = refuse("sold_out", { available: 0, held });
    }
    const isStranger = buyers && !mayHaveBought(c, skuId, buyers, buyerHash(userId));
    if (!isStranger || mayBeRepeat(attempt)) return undefined;
    return attempt.pending;
  },
};
