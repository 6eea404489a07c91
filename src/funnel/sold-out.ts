// Sold out, as far as the edge knows: at most two seconds old, no I/O. A caller who cannot have an order is
// refused here. A buyer who may have one asks about that order, which only the object can answer: it looks up
// the order and makes none, so that a returned unit is offered to everyone at the same moment.
import { mayHaveBought } from "../catalog/buyers.ts";
import { comingBack, type EdgeStock, peekStock, toEdgeStock } from "../catalog/live.ts";
import { memory } from "../edge/memory.ts";
import { refuse } from "../errors.ts";
import { buyerHash } from "../inventory/buyers.ts";
import type { Admitted, Attempt, Identified, Observer, Stage } from "./attempt.ts";

/** How long an object's own answer counts. */
const BELIEVED_MS = 2_000;
/** Longer than it takes until every edge has the list of buyers. */
const PUBLISHED_MS = 10_000;
/** By then an attempt has its answer, or never gets one. */
const ASKING_MS = 1_000;

/** Sold out in the object's own words, known here before it is published. */
const answered = memory<EdgeStock>("answered", {
  ttl: BELIEVED_MS,
  sizeOf: ({ buyers }) => 512 + 8 * (buyers?.recent.length ?? 0),
});
const asking = memory<true>("asking", { ttl: ASKING_MS });
/** Buyers this isolate has just sold to. This counts more than a list that was published before their order. */
const justBought = memory<true>("bought", { ttl: PUBLISHED_MS });

/**
 * Says that an attempt was sent before, perhaps to another edge, where it may have become an order that is not
 * published yet. It makes the object look up that order, and nothing else: no stage is skipped, no order is
 * made.
 */
export const isRetry = ({ c }: Pick<Attempt, "c">): boolean =>
  c.req.header("idempotency-retry")?.toLowerCase() === "true";

const keyOf = ({ skuId, userId }: Pick<Identified, "skuId" | "userId">) => `${skuId}|${userId}`;

/** Whether the attempt may repeat one that has made an order already. */
export const mayBeRepeat = (attempt: Identified): boolean =>
  justBought.has(keyOf(attempt)) || isRetry(attempt);

/** The stock and its buyers, as published or as the object said. */
function knownStock({ c, entry, skuId }: Attempt): EdgeStock | undefined {
  const published = entry && peekStock(c, entry, skuId);
  return published?.buyers ? published : answered.get(skuId);
}

export const soldOut: Stage<Identified> = {
  name: "sold-out",
  check(attempt) {
    const { c, entry, skuId, userId } = attempt;
    const stock = knownStock(attempt);
    const buyers = stock?.buyers;
    if (!attempt.pending && buyers && stock.available === 0) {
      const sku = entry?.sale.skus.find(({ id }) => id === skuId);
      const held = sku ? comingBack(sku, stock) : 0;
      attempt.pending = refuse("sold_out", { available: 0, held });
    }
    const isStranger = buyers && !mayHaveBought(c, skuId, buyers, buyerHash(userId));
    if (!isStranger || mayBeRepeat(attempt)) return undefined;
    return attempt.pending;
  },
  observe,
};

/**
 * Learns the buyers of a sold-out SKU, and who has just bought. One attempt at a time brings the buyers home:
 * the list may be long, and the object has a crowd to answer.
 */
function observe(attempt: Admitted): Observer {
  const { skuId } = attempt;
  const wantsBuyers = !asking.has(skuId) && !answered.has(skuId);
  if (wantsBuyers) asking.set(skuId, true);
  attempt.wantsBuyers = wantsBuyers;
  return (answer) => {
    if (!answer.ok) return; // the next attempt may ask when the time of this one is up
    if (wantsBuyers) asking.delete(skuId);
    const { value } = answer;
    if (value.ok || value.reason === "user_limit_reached") justBought.set(keyOf(attempt), true);
    else if (value.stock?.buyers !== undefined) answered.set(skuId, toEdgeStock(value.stock));
  };
}
