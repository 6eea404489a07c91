// The live stock: one shared answer a second for a whole colo. The SKU objects publish to Redis when
// their units change; no visitor ever asks an object.
import * as z from "zod";
import { decodeBuyers } from "../inventory/buyers.ts";
import type { PublicStock } from "../inventory/live-stock.ts";
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { LIVE_KEY } from "../redis/keys.ts";
import { type Reader, SharedValue } from "../shared-value.ts";
import { type CatalogEntry, type Sale, type SaleState, saleState } from "./schema.ts";

export interface LiveAnswer {
  /** When the stock was read, by the server's clock: everybody gets the same answer for a second. */
  asOf: string;
  state: SaleState;
  skus: { id: string; available: number; state: "available" | "low" | "sold_out" }[];
}

/** What the edge knows of a SKU's stock. */
export interface EdgeStock {
  available: number;
  /** Hashes of users who may have an order; undefined when there are too many to know. */
  buyers: Set<number> | undefined;
}

type StockOfSale = Map<string, EdgeStock>;

/** Less than a tenth left counts as low. */
const LOW_SHARE = 0.1;
const MAX_SALES = 100;

const publishedSchema = z.object({
  available: z.int(),
  buyers: z.base64().exactOptional(),
}) satisfies z.ZodType<PublicStock>;

const stocks = new Map<string, SharedValue<(string | null)[], StockOfSale>>();

function stockOf({ sale, revision }: CatalogEntry): SharedValue<(string | null)[], StockOfSale> {
  const name = `live/${sale.id}/${revision}`;
  const known = stocks.get(name);
  if (known) return known;
  if (stocks.size >= MAX_SALES) stocks.clear();
  const skuIds = sale.skus.map(({ id }) => id);
  const value = new SharedValue({
    name,
    freshMs: 1_000,
    revalidateMs: 2_000,
    staleMs: 60_000,
    load: (c: Reader) => loadStock(c, skuIds),
    build: (texts: (string | null)[]) => buildStock(skuIds, texts),
  });
  stocks.set(name, value);
  return value;
}

/** One text for each SKU, in their order; null for one that has published nothing yet. */
async function loadStock(c: Reader, skuIds: string[]): Promise<(string | null)[]> {
  const texts = await withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, (redis) =>
    redis.hmget(LIVE_KEY, ...skuIds),
  );
  // Without the client's own deserialisation the answer is the plain array that Redis sent.
  return texts as unknown as (string | null)[];
}

function buildStock(skuIds: string[], texts: (string | null)[]): StockOfSale {
  const stock: StockOfSale = new Map();
  for (const [index, id] of skuIds.entries()) {
    const published = parseStock(texts[index]);
    if (published) stock.set(id, published);
  }
  return stock;
}

/** What is garbled in Redis reads as unpublished: the object publishes again with its next change. */
function parseStock(text: string | null | undefined): EdgeStock | undefined {
  try {
    return toEdgeStock(publishedSchema.parse(JSON.parse(text ?? "")));
  } catch {
    return undefined;
  }
}

/** @throws when the buyers are no list of ours */
export const toEdgeStock = ({ available, buyers }: PublicStock): EdgeStock => ({
  available,
  buyers: buyers === undefined ? undefined : decodeBuyers(buyers),
});

const answers = new WeakMap<StockOfSale, LiveAnswer>();

/** The live answer for a sale: one object for each reading. Throws when Redis is silent for a minute. */
export async function readLive(c: Reader, entry: CatalogEntry): Promise<LiveAnswer> {
  const { value, readAt } = await stockOf(entry).read(c);
  const answer = answers.get(value) ?? toAnswer(entry.sale, value, readAt);
  answers.set(value, answer);
  return answer;
}

function toAnswer(sale: Sale, known: StockOfSale, readAt: number): LiveAnswer {
  return {
    asOf: new Date(readAt).toISOString(),
    state: saleState(sale, readAt),
    skus: sale.skus.map(({ id, stock }) => {
      const available = known.get(id)?.available ?? stock;
      const low = available <= stock * LOW_SHARE;
      return { id, available, state: available === 0 ? "sold_out" : low ? "low" : "available" };
    }),
  };
}

/** What this isolate knows of a SKU right now, without waiting; undefined when that is over 2 s old. */
export function peekStock(c: Reader, entry: CatalogEntry, skuId: string): EdgeStock | undefined {
  return stockOf(entry).peek(c)?.get(skuId);
}
