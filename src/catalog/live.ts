// The live answer: what is left of each SKU, one shared answer a second for a whole colo. The SKU objects
// publish to Redis when their units change; no visitor ever asks an object.
import { INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { LIVE_KEY } from "../redis/keys.ts";
import { type Reader, SharedValue } from "../shared-value.ts";
import { type CatalogEntry, type SaleState, saleState } from "./schema.ts";

export interface LiveAnswer {
  /** The server's clock when the answer was made; the stock in it is at most two seconds older. */
  asOf: string;
  state: SaleState;
  skus: { id: string; available: number; state: "available" | "low" | "sold_out" }[];
}

/** Less than a tenth left counts as low. */
const LOW_SHARE = 0.1;
const MAX_SALES = 100;

/** Free units by SKU id; a SKU that never sold has published nothing yet. */
type Units = Record<string, number>;

const units = new Map<string, SharedValue<Units, Units>>();

function unitsOf(saleId: string, skuIds: string[]): SharedValue<Units, Units> {
  const known = units.get(saleId);
  if (known) return known;
  if (units.size >= MAX_SALES) units.clear();
  const value = new SharedValue<Units, Units>({
    name: `live/${saleId}`,
    freshMs: 1_000,
    revalidateMs: 2_000,
    staleMs: 60_000,
    load: (c) => loadUnits(c, skuIds),
    build: (raw) => raw,
  });
  units.set(saleId, value);
  return value;
}

async function loadUnits(c: Reader, skuIds: string[]): Promise<Units> {
  const texts = await withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, (redis) =>
    redis.hmget<Record<string, string | null>>(LIVE_KEY, ...skuIds),
  );
  const published = Array.isArray(texts) ? texts : Object.values(texts ?? {});
  const available: Units = {};
  for (const [index, id] of skuIds.entries()) {
    const text = published[index];
    if (typeof text === "string") available[id] = Number.parseInt(text, 10);
  }
  return available;
}

/** The live answer for a sale. Throws when Redis has not answered for a minute. */
export async function readLive(c: Reader, { sale, revision }: CatalogEntry): Promise<LiveAnswer> {
  const now = Date.now();
  const skuIds = sale.skus.map(({ id }) => id);
  const { value } = await unitsOf(`${sale.id}/${revision}`, skuIds).read(c);
  return {
    asOf: new Date(now).toISOString(),
    state: saleState(sale, now),
    skus: sale.skus.map(({ id, stock }) => {
      const available = value[id] ?? stock;
      const low = available <= stock * LOW_SHARE;
      return { id, available, state: available === 0 ? "sold_out" : low ? "low" : "available" };
    }),
  };
}
