// The paged list of sales: open, then upcoming, then closed.
import { type ArchivedEntries, archivePage } from "./archive.ts";
import type { Catalog } from "./catalog.ts";
import type { SaleState } from "./sale-state.ts";
import { type CatalogEntry, idSchema, isListed, type Sale, saleState } from "./schema.ts";
import { readCatalog } from "./snapshot.ts";
import type { CatalogScope } from "./store.ts";

export const PAGE_SIZE = 50;

/** A page of the list. The same object while it does not change. */
export interface SalesPage {
  sales: readonly Sale[];
  /** The cursor of the next page: the last sale's id. Absent on the last page. */
  next?: string;
}

interface Sorted {
  /** With those that are not listed: one that a cursor names may have left the list since. */
  entries: CatalogEntry[];
  /** When the next of the sales opens or closes: milliseconds. */
  validUntil: number;
  pages: Map<string | undefined, SalesPage>;
}

const ORDER: SaleState[] = ["open", "upcoming", "closed"];

/** The sorted list of each catalog. */
const lists = new WeakMap<Catalog, Sorted>();

/**
 * The page after a cursor, or the first one. Does no I/O for published sales.
 *
 * @returns undefined for an invalid cursor
 */
export async function readSalesPage(
  scope: CatalogScope,
  cursor?: string,
): Promise<SalesPage | undefined> {
  const catalog = await readCatalog(scope);
  const sorted = sortedAt(catalog, Date.now());
  const cached = sorted.pages.get(cursor);
  if (cached) return cached;
  const at = sorted.entries.findIndex(({ sale }) => sale.id === cursor);
  if (cursor !== undefined && at < 0) return readArchivePage(scope, catalog, cursor);
  const following = sorted.entries.slice(at + 1).filter(({ sale }) => isListed(sale));
  const entries = following.slice(0, PAGE_SIZE);
  const hasMore = following.length > PAGE_SIZE || catalog.older.count > 0;
  if (entries.length === 0 && hasMore) return readArchivePage(scope, catalog, null);
  const page = pageOf(entries, hasMore);
  sorted.pages.set(cursor, page);
  return page;
}

async function readArchivePage(
  scope: CatalogScope,
  catalog: Catalog,
  after: string | null,
): Promise<SalesPage | undefined> {
  const isCursor =
    after === null || (idSchema.safeParse(after).success && catalog.hasEverHadSale(after));
  if (!isCursor) return undefined;
  const archived = await archivePage(scope, catalog, after, PAGE_SIZE);
  const page = archivePages.get(archived) ?? pageOf(archived.entries, archived.more);
  archivePages.set(archived, page);
  return page;
}

const archivePages = new WeakMap<ArchivedEntries, SalesPage>();

function pageOf(entries: CatalogEntry[], hasMore: boolean): SalesPage {
  const last = entries.at(-1)?.sale.id;
  return {
    sales: entries.map(({ sale }) => sale),
    ...(hasMore && last !== undefined ? { next: last } : {}),
  };
}

function sortedAt(catalog: Catalog, now: number): Sorted {
  const cached = lists.get(catalog);
  if (cached && now < cached.validUntil) return cached;
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

/** Open sales by their end, upcoming ones by their start, closed ones by their end in descending order. */
function compare(a: Sale, b: Sale, now: number): number {
  const [first, second] = [saleState(a, now), saleState(b, now)];
  if (first !== second) return ORDER.indexOf(first) - ORDER.indexOf(second);
  if (first === "upcoming") return byTime(a.opensAt, b.opensAt) || byTime(a.id, b.id);
  const byEnd = byTime(a.closesAt, b.closesAt) || byTime(a.id, b.id);
  return first === "open" ? byEnd : -byEnd;
}

const byTime = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** When the next of these sales opens or closes: milliseconds, infinite if none will. */
export function nextChange(
  sales: readonly Pick<Sale, "opensAt" | "closesAt">[],
  now: number,
): number {
  return sales
    .flatMap(({ opensAt, closesAt }) => [Date.parse(opensAt), Date.parse(closesAt)])
    .reduce((next, at) => (at > now ? Math.min(next, at) : next), Number.POSITIVE_INFINITY);
}
