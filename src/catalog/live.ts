// The live answer of a sale: the same for every caller, one for each reading.
import type { PublicLine } from "../admission/public-line.ts";
import type { Money } from "../money.ts";
import type { EdgeStock } from "./edge-stock.ts";
import { type LiveReading, readReading } from "./live-reading.ts";
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
  /** Absent if the sale has no line, or the line is not known now. */
  line?: PublicLine;
  /** What people who wait should know. Null if there is nothing. Absent like `line`. */
  notice?: string | null;
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

/** A stock is low at a tenth of its units, or at the last few. */
const LOW_SHARE = 0.1;
const FEW = 5;

const answers = new WeakMap<LiveReading, LiveAnswer>();

/** The live answer for a sale: one object per reading. Throws if Redis has not answered for a minute. */
export async function readLive(scope: CatalogScope, entry: CatalogEntry): Promise<LiveAnswer> {
  const { value, readAt } = await readReading(scope, entry);
  const answer = answers.get(value) ?? toAnswer(entry, value, readAt);
  answers.set(value, answer);
  return answer;
}

function toAnswer(
  { sale, revision }: CatalogEntry,
  { stock: stockById, published }: LiveReading,
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
    ...(published && { line: published.line, notice: published.line.notice }),
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
