// The live stock of a sale, read at most once per second and colo. SKU objects publish their stock to Redis when it
// changes, so visitors' requests do not call them.
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
  /** When the stock was read: ISO 8601. */
  asOf: string;
  state: SaleState;
  opensAt: string;
  closesAt: string;
  /** The revision of the sale. A page rendered from another revision is out of date. */
  revision: number;
  /** The SKUs whose stock is available. Some may be missing for moments after Redis was emptied. */
  skus: LiveSku[];
}

interface LiveSku {
  id: string;
  available: number;
  /** Units of orders that are reserved and not confirmed. */
  held: number;
  state: StockState;
  /** The current unit price. A page that shows another price is out of date. */
  unitPrice: Money;
}

/** The stock of a SKU as the edge holds it. */
export interface EdgeStock {
  available: number;
  held: number;
  /** Users who may have an order. Undefined if the edge does not have the list. */
  buyers: BuyerSummary | undefined;
}

type StockOfSale = Map<string, EdgeStock>;

/** A stock is low at a tenth of its units, or at the last few. */
const LOW_SHARE = 0.1;
const FEW = 5;
/** Bytes of memory per sale and per SKU, including cached answers. */
const SALE_BYTES = 4_096;
const SKU_BYTES = 1_024 + 8 * MAX_RECENT;

const buyersSchema = z.object({
  format: z.int(),
  base: z.int().min(0),
  recent: z.array(z.int()).max(MAX_RECENT),
});

const stockSchema = z.object({
  available: z.int(),
  // Absent if an earlier release published the stock.
  held: z.int().default(0),
  // Another release may use another format. The stock is usable without the buyers.
  buyers: buyersSchema.optional().catch(undefined),
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
  const cached = stocks.get(name);
  if (cached) return cached.shared;
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

/** One text per SKU, in their order. Null for a SKU whose stock is unknown. */
async function loadStock(scope: CatalogScope, skuIds: string[]): Promise<(string | null)[]> {
  // Without the client's deserialization the result is the plain array that Redis returned.
  const texts = (await withRedis(scope.config, INTERACTIVE_LIMIT_MS, (redis, keys) =>
    healed(redis, keys, [{ key: keys.live, type: "hash" }], () =>
      redis.hmget(keys.live, ...skuIds),
    ),
  )) as unknown as (string | null)[];
  return Promise.all(
    texts.map((text, at) => (parseStock(text) ? text : republished(scope, skuIds[at] as string))),
  );
}

/** Redis lacks a readable stock: it was emptied, or the SKU is new. The SKU's object publishes it again. */
async function republished(scope: CatalogScope, skuId: string): Promise<string | null> {
  const address = { skuId, lane: LANE };
  const answer = await callInventory(scope.env, address, (object) => object.publicStock());
  return answer.ok && answer.value ? JSON.stringify(answer.value) : null;
}

/**
 * The stock of SKUs by their id, as Redis has it now, or their objects if Redis fails. Cached nowhere: for one caller, the
 * controller of a line. SKUs whose stock is unknown are absent.
 */
export async function readStock(
  scope: CatalogScope,
  skuIds: string[],
): Promise<ReadonlyMap<string, EdgeStock>> {
  const texts = await loadStock(scope, skuIds).catch(() =>
    Promise.all(skuIds.map((skuId) => republished(scope, skuId))),
  );
  return buildStock(skuIds, texts);
}

function buildStock(skuIds: string[], texts: (string | null)[]): StockOfSale {
  const stock: StockOfSale = new Map();
  for (const [index, id] of skuIds.entries()) {
    const parsed = parseStock(texts[index]);
    if (parsed) stock.set(id, parsed);
  }
  return stock;
}

/** Undefined if the text is not a stock. */
function parseStock(text: string | null | undefined): EdgeStock | undefined {
  try {
    return toEdgeStock(stockSchema.parse(JSON.parse(text ?? "")));
  } catch {
    return undefined;
  }
}

export const toEdgeStock = ({
  available,
  held,
  buyers,
}: PublicStock | z.output<typeof stockSchema>): EdgeStock => ({
  available,
  held,
  buyers: buyers && isReadable(buyers) ? buyers : undefined,
});

const answers = new WeakMap<StockOfSale, LiveAnswer>();

/** The live answer for a sale: one object per reading. Throws if Redis has not answered for a minute. */
export async function readLive(scope: CatalogScope, entry: CatalogEntry): Promise<LiveAnswer> {
  const { value, readAt } = await stockOf(entry).read(scope);
  const answer = answers.get(value) ?? toAnswer(entry, value, readAt);
  answers.set(value, answer);
  return answer;
}

function toAnswer(
  { sale, revision }: CatalogEntry,
  stockById: StockOfSale,
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
      const stock = stockById.get(sku.id);
      if (!stock) return [];
      const { id, unitPrice } = sku;
      const { available, held } = stock;
      return [{ id, available, held, state: stateOf(sku, stock), unitPrice }];
    }),
  };
}

function stateOf(sku: Sku, stock: EdgeStock): StockState {
  const { available } = stock;
  if (available === 0) return releasableUnits(sku, stock) > 0 ? "held" : "sold_out";
  return available <= Math.max(FEW, sku.stock * LOW_SHARE) ? "low" : "available";
}

/** Held units that may become free without a cancellation. Only unpaid holds expire; free orders get confirmed. */
export const releasableUnits = (
  { unitPrice }: Pick<Sku, "unitPrice">,
  { held }: Pick<EdgeStock, "held">,
): number => (unitPrice.amount > 0 ? held : 0);

/** The stock of a SKU as this isolate holds it, without waiting. Undefined if it is more than 2 s old. */
export function peekStock(
  scope: CatalogScope,
  entry: CatalogEntry,
  skuId: string,
): EdgeStock | undefined {
  return stockOf(entry).peek(scope)?.get(skuId);
}
