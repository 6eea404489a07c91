// The live stock: one shared answer a second for a whole colo. The SKU objects publish to Redis when
// their units change; no visitor's request asks an object.
import * as z from "zod";
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { type BuyerSummary, isReadable, MAX_RECENT } from "../inventory/buyers.ts";
import { callInventory, LANE } from "../inventory/client.ts";
import type { PublicStock } from "../inventory/live-stock.ts";
import type { Money } from "../money.ts";
import { healed } from "../redis/bad-values.ts";
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import type { SaleState, StockState } from "./sale-state.ts";
import { type CatalogEntry, type Sku, saleState } from "./schema.ts";
import type { CatalogScope } from "./store.ts";

export interface LiveAnswer {
  /** When the stock was read, by the server's clock: everybody gets the same answer for a second. */
  asOf: string;
  state: SaleState;
  opensAt: string;
  closesAt: string;
  /** Of the sale's document: a page that was made of another one is out of date. */
  revision: number;
  /** Those whose stock is known: all, but for moments after Redis was emptied. */
  skus: LiveSku[];
}

interface LiveSku {
  id: string;
  available: number;
  /** Units that somebody has reserved and that are not settled. */
  held: number;
  state: StockState;
  /** The current price of a unit. A page that shows another price is out of date. */
  unitPrice: Money;
}

/** What the edge knows of a SKU's stock. */
export interface EdgeStock {
  available: number;
  held: number;
  /** People who may have an order; undefined when the edge does not know. */
  buyers: BuyerSummary | undefined;
}

type StockOfSale = Map<string, EdgeStock>;

/** A tenth left counts as low, and so do the last few. */
const LOW_SHARE = 0.1;
const FEW = 5;
/** Memory that a sale and each of its SKUs take, answers included. */
const SALE_BYTES = 4_096;
const SKU_BYTES = 1_024 + 8 * MAX_RECENT;

const toldSchema = z.object({
  format: z.int(),
  base: z.int().min(0),
  recent: z.array(z.int()).max(MAX_RECENT),
});

const publicSchema = z.object({
  available: z.int(),
  // Absent from what an earlier version published.
  held: z.int().default(0),
  // Of a version that means something else by it: the stock is told all the same.
  buyers: toldSchema.optional().catch(undefined),
});

interface Stocks {
  shared: SwrCache<(string | null)[], StockOfSale, CatalogScope>;
  skus: number;
}

const stocks = memory<Stocks>("stock", { sizeOf: ({ skus }) => SALE_BYTES + skus * SKU_BYTES });

function stockOf({
  sale,
  revision,
}: CatalogEntry): SwrCache<(string | null)[], StockOfSale, CatalogScope> {
  const name = `live/${sale.id}/${revision}`;
  const known = stocks.get(name);
  if (known) return known.shared;
  const skuIds = sale.skus.map(({ id }) => id);
  const shared = new SwrCache({
    name,
    freshMs: 1_000,
    revalidateMs: 2_000,
    staleMs: 60_000,
    load: (scope: CatalogScope) => loadStock(scope, skuIds),
    build: (texts: (string | null)[]) => buildStock(skuIds, texts),
  });
  stocks.set(name, { shared, skus: skuIds.length });
  return shared;
}

/** One text for each SKU, in their order; null for one that nobody knows anything about. */
async function loadStock(scope: CatalogScope, skuIds: string[]): Promise<(string | null)[]> {
  // Without the client's own deserialisation the answer is the plain array that Redis sent.
  const texts = (await withRedis(scope.config, INTERACTIVE_LIMIT_MS, (redis, keys) =>
    healed(redis, keys, [{ key: keys.live, type: "hash" }], () =>
      redis.hmget(keys.live, ...skuIds),
    ),
  )) as unknown as (string | null)[];
  return Promise.all(
    texts.map((text, at) => (parseStock(text) ? text : republished(scope, skuIds[at] as string))),
  );
}

/** Redis was emptied, or cannot be read, or the SKU is new: its object knows, and publishes it again. */
async function republished(scope: CatalogScope, skuId: string): Promise<string | null> {
  const address = { skuId, lane: LANE };
  const answer = await callInventory(scope.env, address, (object) => object.publicStock());
  return answer.ok && answer.value ? JSON.stringify(answer.value) : null;
}

function buildStock(skuIds: string[], texts: (string | null)[]): StockOfSale {
  const stock: StockOfSale = new Map();
  for (const [index, id] of skuIds.entries()) {
    const known = parseStock(texts[index]);
    if (known) stock.set(id, known);
  }
  return stock;
}

/** Undefined when the text tells no stock. */
function parseStock(text: string | null | undefined): EdgeStock | undefined {
  try {
    return toEdgeStock(publicSchema.parse(JSON.parse(text ?? "")));
  } catch {
    return undefined;
  }
}

export const toEdgeStock = ({
  available,
  held,
  buyers,
}: PublicStock | z.output<typeof publicSchema>): EdgeStock => ({
  available,
  held,
  buyers: buyers && isReadable(buyers) ? buyers : undefined,
});

const answers = new WeakMap<StockOfSale, LiveAnswer>();

/** The live answer for a sale: one object for each reading. Throws when Redis is silent for a minute. */
export async function readLive(scope: CatalogScope, entry: CatalogEntry): Promise<LiveAnswer> {
  const { value, readAt } = await stockOf(entry).read(scope);
  const answer = answers.get(value) ?? toAnswer(entry, value, readAt);
  answers.set(value, answer);
  return answer;
}

function toAnswer(
  { sale, revision }: CatalogEntry,
  known: StockOfSale,
  readAt: number,
): LiveAnswer {
  const { opensAt, closesAt, skus } = sale;
  return {
    asOf: new Date(readAt).toISOString(),
    state: saleState(sale, readAt),
    opensAt,
    closesAt,
    revision,
    skus: skus.flatMap((sku) => {
      const stock = known.get(sku.id);
      if (!stock) return [];
      const { id, unitPrice } = sku;
      const { available, held } = stock;
      return [{ id, available, held, state: stateOf(sku, stock), unitPrice }];
    }),
  };
}

function stateOf(sku: Sku, stock: EdgeStock): StockState {
  const { available } = stock;
  if (available === 0) return comingBack(sku, stock) > 0 ? "held" : "sold_out";
  return available <= Math.max(FEW, sku.stock * LOW_SHARE) ? "low" : "available";
}

/**
 * Units that may come back by themselves. Only a hold that waits for money ends; a free order waits for
 * nothing but our confirmation.
 */
export const comingBack = (
  { unitPrice }: Pick<Sku, "unitPrice">,
  { held }: Pick<EdgeStock, "held">,
): number => (unitPrice.amount > 0 ? held : 0);

/** What this isolate knows of a SKU right now, without waiting; undefined when that is over 2 s old. */
export function peekStock(
  scope: CatalogScope,
  entry: CatalogEntry,
  skuId: string,
): EdgeStock | undefined {
  return stockOf(entry).peek(scope)?.get(skuId);
}
