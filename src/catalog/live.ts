// The live answer of a sale: the same for every caller, one for each reading.
import type { PublicLine } from "../admission/public-line.ts";
import { lineSettings } from "../admission/settings.ts";
import type { Money } from "../values/money.ts";
import type { Catalog } from "./catalog.ts";
import { type EdgeStock, releasableUnits } from "./edge-stock.ts";
import { readReading } from "./live-reading.ts";
import type { LiveReading } from "./live-texts.ts";
import type { SaleState, StockState, Stop } from "./sale-state.ts";
import { type CatalogEntry, type Sku, saleState } from "./schema.ts";
import { readCatalog } from "./snapshot.ts";
import { stopsOf } from "./stops.ts";
import type { CatalogScope } from "./store.ts";

export interface LiveAnswer {
  /** When the stock was read: ISO 8601. */
  asOf: string;
  state: SaleState;
  opensAt: string;
  closesAt: string;
  /** The revision of the sale. A page rendered from another revision is out of date. */
  revision: number;
  /**
   * The SKUs whose stock is available. Some may be missing for moments after Redis was emptied, and all while the live stock
   * is switched off, except in a sale with a line.
   */
  skus: LiveSku[];
  /** SKU id → why it takes no orders now. Absent if all take orders. */
  stopped?: Record<string, Stop>;
  /** Absent if the sale has no line, or the line is not known now. */
  line?: PublicLine;
  /** An operator's words for people who wait. Null if there is nothing. Absent like `line` if all take orders. */
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

/** The effect of the switches on an answer. The same object while they are the same. */
interface Switched {
  stops: ReadonlyMap<string, Stop>;
  /** The operator's words about a pause. */
  notice: string | undefined;
  isStockOff: boolean;
}

/**
 * An older reading is not shown around a sale if the source answers: people who wait must learn of the end. Milliseconds.
 */
const SHOWN_MS = 1_250;

const answers = new WeakMap<LiveReading, { answer: LiveAnswer; key: string }>();

/**
 * The live answer for a sale: one object per reading, while the switches stay the same. Throws if Redis has not answered for
 * a minute.
 */
export async function readLive(scope: CatalogScope, entry: CatalogEntry): Promise<LiveAnswer> {
  const switched = switchedFor(await readCatalog(scope), entry);
  if (switched.isStockOff) {
    return toAnswer(entry, { stock: new Map() }, Date.now(), switched);
  }
  const { value, readAt } = await readReading(scope, entry, SHOWN_MS);
  const key = switched === NOT_SWITCHED ? "" : JSON.stringify([...switched.stops, switched]);
  const known = answers.get(value);
  if (known?.key === key) return known.answer;
  const answer = toAnswer(entry, value, readAt, switched);
  answers.set(value, { answer, key });
  return answer;
}

const NOT_SWITCHED: Switched = { stops: new Map(), notice: undefined, isStockOff: false };

function switchedFor(catalog: Catalog, entry: CatalogEntry): Switched {
  if (catalog.switches.length === 0) return NOT_SWITCHED;
  const now = Date.now();
  const { paused, readOnly, liveStockOff } = catalog.switchesFor({ sale: entry.sale.id }, now);
  return {
    stops: stopsOf(catalog, entry, now),
    notice: (paused ?? readOnly)?.notice,
    // The line comes with the stock, and tells people how much is left.
    isStockOff: liveStockOff !== undefined && !lineSettings(entry.sale),
  };
}

function toAnswer(
  { sale, revision }: CatalogEntry,
  { stock: stockById, published }: LiveReading,
  readAt: number,
  { stops, notice }: Switched,
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
    ...(stops.size > 0 && { stopped: Object.fromEntries(stops) }),
    ...(notice !== undefined && { notice }),
  };
}

function stateOf(sku: Sku, stock: EdgeStock): StockState {
  const { available } = stock;
  if (available === 0) return releasableUnits(sku, stock) > 0 ? "held" : "sold_out";
  return available <= Math.max(FEW, sku.stock * LOW_SHARE) ? "low" : "available";
}
