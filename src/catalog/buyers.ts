// The buyers of sold-out SKUs, as the edge knows them: enough to tell a stranger from somebody who may have
// an order, without asking anybody.
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { BuyerFilter, type BuyerSummary, filterBytes } from "../inventory/buyers.ts";
import { atObject } from "../inventory/client.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";
import type { Reader } from "./store.ts";

/** A filter of the first so many buyers never changes. */
const LIFE_MS = 86_400_000;

interface Held {
  /** How many buyers it has at least. */
  base: number;
  filter: SwrCache<string, BuyerFilter, Reader>;
}

const filters = memory<Held>("buyers", { sizeOf: ({ base }) => 2_048 + filterBytes(base) });

/**
 * Whether `hash` may be a buyer's, without waiting; never false for a buyer. True as well while the filter
 * that `told` builds on is still on its way.
 */
export function mayHaveBought(c: Reader, skuId: string, told: BuyerSummary, hash: number): boolean {
  if (told.recent.includes(hash)) return true;
  if (told.base === 0) return false;
  return filterOf(skuId, told.base).peek(c)?.mayHave(hash) ?? true;
}

/** A filter with at least the first `base` buyers: one with more knows these, too. */
function filterOf(skuId: string, base: number): SwrCache<string, BuyerFilter, Reader> {
  const held = filters.get(skuId);
  if (held && held.base >= base) return held.filter;
  const filter = new SwrCache({
    name: `buyers/${skuId}/${base}`,
    freshMs: LIFE_MS,
    revalidateMs: LIFE_MS,
    staleMs: LIFE_MS,
    load: async (c: Reader) => (await stored(c, skuId, base)) ?? ofObject(c, skuId),
    build: (text: string) => parse(text, base),
    fallback: (c: Reader) => ofObject(c, skuId),
  });
  filters.set(skuId, { base, filter });
  return filter;
}

async function stored(c: Reader, skuId: string, base: number): Promise<string | undefined> {
  const text = await withRedis(c.get("config"), BACKGROUND_LIMIT_MS, (redis, keys) =>
    redis.get<string>(keys.buyersOf(skuId)),
  );
  return (BuyerFilter.parse(text ?? "")?.count ?? -1) >= base ? (text as string) : undefined;
}

/** Redis does not have it, or not yet: the object does, and writes it again. */
const ofObject = async (c: Reader, skuId: string): Promise<string> =>
  atObject(c.env, skuId, (object) => object.buyerFilter());

function parse(text: string, base: number): BuyerFilter {
  const filter = BuyerFilter.parse(text);
  if (!filter || filter.count < base) throw new Error("no filter of these buyers");
  return filter;
}
