// Which open sales have nothing free, for the list: read from the live stock that isolates keep anyway.
import { nextChange } from "../catalog/list.ts";
import { readLive } from "../catalog/live.ts";
import { type CatalogEntry, saleState } from "../catalog/schema.ts";
import type { Catalog } from "../catalog/snapshot.ts";
import type { AppContext } from "../http.ts";
import { type Shown, shownOf } from "./copy/sale.ts";

/** Each costs a read a second while the list is looked at; further down, a sale's own page says it. */
const MAX_WATCHED = 12;

const watched = new WeakMap<Catalog, { entries: CatalogEntry[]; until: number }>();

/** The open sales that close first, found once until one opens or closes. */
function openEntries(catalog: Catalog, now: number): CatalogEntry[] {
  const known = watched.get(catalog);
  if (known && now < known.until) return known.entries;
  const entries = catalog.entries
    .filter(({ sale }) => saleState(sale, now) === "open")
    .sort((a, b) => Date.parse(a.sale.closesAt) - Date.parse(b.sale.closesAt))
    .slice(0, MAX_WATCHED);
  const sales = catalog.entries.map(({ sale }) => sale);
  watched.set(catalog, { entries, until: nextChange(sales, now) });
  return entries;
}

/** What the badges of open sales without a free unit show, by sale. One of which nothing is known is not in it. */
export async function takenSales(c: AppContext, catalog: Catalog): Promise<Map<string, Shown>> {
  const entries = openEntries(catalog, Date.now());
  const answers = await Promise.all(
    entries.map((entry) => readLive(c.get("scope"), entry).catch(() => null)),
  );
  return new Map(
    entries.flatMap(({ sale }, i) => {
      const skus = answers[i]?.skus ?? [];
      const shown = skus.length === sale.skus.length ? shownOf("open", skus) : "open";
      return shown === "open" ? [] : [[sale.id, shown] as const];
    }),
  );
}
