// Which open sales and SKUs have no free unit or take no orders, for server-rendered pages. It reads the live stock that each
// isolate caches, so a warm isolate adds no I/O to a page view.
import type { Catalog } from "../catalog/catalog.ts";
import { nextChange } from "../catalog/list.ts";
import { readLive } from "../catalog/live.ts";
import { type CatalogEntry, isListed, saleState } from "../catalog/schema.ts";
import { stopsOf } from "../catalog/stops.ts";
import type { AppContext } from "../http/request.ts";
import { type Badge, badgeOf, mainStop, noneAvailable, type Stock } from "./copy/sale.ts";

/** Each sale costs up to one Redis read a second while the list is viewed. Sales beyond this show no stock. */
const MAX_WATCHED = 12;

const watched = new WeakMap<Catalog, { entries: CatalogEntry[]; until: number }>();

/** The listed open sales that close first; recomputed when any sale opens or closes. */
function openEntries(catalog: Catalog, now: number): CatalogEntry[] {
  const known = watched.get(catalog);
  if (known && now < known.until) return known.entries;
  const entries = catalog.entries
    .filter(({ sale }) => isListed(sale) && saleState(sale, now) === "open")
    .sort((a, b) => Date.parse(a.sale.closesAt) - Date.parse(b.sale.closesAt))
    .slice(0, MAX_WATCHED);
  const sales = catalog.entries.map(({ sale }) => sale);
  watched.set(catalog, { entries, until: nextChange(sales, now) });
  return entries;
}

/**
 * The SKUs of an open sale without a free unit, by id. Empty for a sale that is not open. A SKU of unknown stock
 * is left out: the page then offers it, and the order itself finds out.
 */
export async function unavailableSkus(
  c: AppContext,
  entry: CatalogEntry,
): Promise<ReadonlyMap<string, Stock>> {
  if (saleState(entry.sale, Date.now()) !== "open") return new Map();
  const live = await readLive(c.get("scope"), entry).catch(() => undefined);
  return new Map(live?.skus.filter(noneAvailable).map((sku) => [sku.id, sku]));
}

/** The stock of a SKU. Undefined if that is unknown. */
export async function stockOf(
  c: AppContext,
  entry: CatalogEntry,
  skuId: string,
): Promise<Stock | undefined> {
  const live = await readLive(c.get("scope"), entry).catch(() => undefined);
  return live?.skus.find(({ id }) => id === skuId);
}

/** The badges of open sales without a free unit and of paused ones, by sale id. Sales of unknown stock are left out. */
export async function unavailableSales(
  c: AppContext,
  catalog: Catalog,
): Promise<ReadonlyMap<string, Badge>> {
  const badges = await Promise.all(
    openEntries(catalog, Date.now()).map(async (entry) => {
      const unavailable = await unavailableSkus(c, entry);
      const stocks = entry.sale.skus.map(({ id }) => unavailable.get(id));
      const stops = stopsOf(catalog, entry, Date.now());
      const stop = mainStop(entry.sale.skus.map(({ id }) => stops.get(id)));
      return [entry.sale.id, badgeOf("open", stocks, stop)] as const;
    }),
  );
  return new Map(badges.filter(([, shown]) => shown !== "open"));
}
