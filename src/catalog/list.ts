// The list of sales, page by page: what is open, what comes, what is over.
import { type ArchivedEntries, archivePage } from "./archive.ts";
import type { SaleState } from "./sale-state.ts";
import { type CatalogEntry, idSchema, type Sale, saleState } from "./schema.ts";
import { type Catalog, readCatalog } from "./snapshot.ts";
import type { CatalogScope } from "./store.ts";

export const PAGE_SIZE = 50;

/** A page of the list; the same object while it does not change. */
export interface SalesPage {
  sales: readonly Sale[];
  /** The cursor of the next page: the last sale's id. Absent on the last page. */
  next?: string;
}

interface Sorted {
  entries: CatalogEntry[];
  /** Until the next of the sales opens or closes: milliseconds. */
  validUntil: number;
  pages: Map<string | undefined, SalesPage>;
}

const ORDER: SaleState[] = ["open", "upcoming", "closed"];

/** Sorted lists by the catalog they are of. */
const lists = new WeakMap<Catalog, Sorted>();

/**
 * The page after a cursor, or the first one. Costs nothing while it is one of the sales that matter now.
 *
 * @returns undefined for a cursor that is not ours
 */
export async function readSalesPage(
  scope: CatalogScope,
  cursor?: string,
): Promise<SalesPage | undefined> {
  const catalog = await readCatalog(scope);
  const sorted = sortedAt(catalog, Date.now());
  const known = sorted.pages.get(cursor);
  if (known) return known;
  const at = sorted.entries.findIndex(({ sale }) => sale.id === cursor);
  if (cursor !== undefined && at < 0) return olderPage(scope, catalog, cursor);
  const entries = sorted.entries.slice(at + 1, at + 1 + PAGE_SIZE);
  const hasMore = at + 1 + PAGE_SIZE < sorted.entries.length || catalog.older.count > 0;
  if (entries.length === 0 && hasMore) return olderPage(scope, catalog, null);
  const page = pageOf(entries, hasMore);
  sorted.pages.set(cursor, page);
  return page;
}

async function olderPage(
  scope: CatalogScope,
  catalog: Catalog,
  after: string | null,
): Promise<SalesPage | undefined> {
  const isOurs =
    after === null || (idSchema.safeParse(after).success && catalog.hasEverHadSale(after));
  if (!isOurs) return undefined;
  const older = await archivePage(scope, catalog, after, PAGE_SIZE);
  const page = olderPages.get(older) ?? pageOf(older.entries, older.more);
  olderPages.set(older, page);
  return page;
}

const olderPages = new WeakMap<ArchivedEntries, SalesPage>();

function pageOf(entries: CatalogEntry[], hasMore: boolean): SalesPage {
  const last = entries.at(-1)?.sale.id;
  return {
    sales: entries.map(({ sale }) => sale),
    ...(hasMore && last !== undefined ? { next: last } : {}),
  };
}

function sortedAt(catalog: Catalog, now: number): Sorted {
  const known = lists.get(catalog);
  if (known && now < known.validUntil) return known;
  const sorted = {
    entries: catalog.entries.toSorted((a, b) => compare(a.sale, b.sale, now)),
    validUntil: nextChange(
      catalog.entries.map(({ sale }) => sale),
      now,
    ),
    pages: new Map(),
  };
  lists.set(catalog, sorted);
  return sorted;
}

/** Open sales by their end, those to come by their start, the others by their end, the last one first. */
function compare(a: Sale, b: Sale, now: number): number {
  const [first, second] = [saleState(a, now), saleState(b, now)];
  if (first !== second) return ORDER.indexOf(first) - ORDER.indexOf(second);
  if (first === "upcoming") return byTime(a.opensAt, b.opensAt) || byTime(a.id, b.id);
  const byEnd = byTime(a.closesAt, b.closesAt) || byTime(a.id, b.id);
  return first === "open" ? byEnd : -byEnd;
}

const byTime = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** When the next of these sales opens or closes: milliseconds, infinite when none will. */
export function nextChange(
  sales: readonly Pick<Sale, "opensAt" | "closesAt">[],
  now: number,
): number {
  return sales
    .flatMap(({ opensAt, closesAt }) => [Date.parse(opensAt), Date.parse(closesAt)])
    .reduce((next, at) => (at > now ? Math.min(next, at) : next), Number.POSITIVE_INFINITY);
}
