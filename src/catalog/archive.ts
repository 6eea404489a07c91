// Archived sales, which are not in the published catalog: they closed long ago, or they exceed its size. They are read
// from the registry, and cached in the colo until one of them changes.
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import type { Catalog } from "./catalog.ts";
import type { ArchivePage } from "./registry-types.ts";
import type { CatalogEntry, Sku } from "./schema.ts";
import { CURRENT_MS, readCatalog } from "./snapshot.ts";
import { type CatalogScope, livingEntries, parseRegistered, registryOf } from "./store.ts";

/** Long, because the names of cached answers contain the version of the archive. */
const LIFE_MS = 3_600_000;

/** A page of archived sales, and whether more follow. */
export interface ArchivedEntries {
  entries: CatalogEntry[];
  more: boolean;
}

interface Answer {
  shared: SwrCache<ArchivePage, ArchivedEntries, CatalogScope>;
  /** Characters of the answer as JSON; 0 until it arrives. */
  size: number;
}

/** Bytes of memory per character of a parsed answer, and per answer. */
const CHARACTER_BYTES = 4;
const ANSWER_BYTES = 2_048;

const answers = memory<Answer>("archive", {
  sizeOf: ({ size }) => ANSWER_BYTES + CHARACTER_BYTES * size,
});

/**
 * Finds a sale, published or archived. An id that never existed costs no I/O of its own: only the catalog must be current, as
 * the sale may be new.
 *
 * @param maxAgeMs the catalog is not older
 */
export async function findSale(
  scope: CatalogScope,
  id: string,
  maxAgeMs?: number,
): Promise<CatalogEntry | undefined> {
  let catalog = await readCatalog(scope, maxAgeMs);
  if (!catalog.hasEverHadSale(id)) catalog = await readCatalog(scope, CURRENT_MS);
  const published = catalog.sale(id);
  if (published || !catalog.hasEverHadSale(id)) return published;
  return (await findArchived(scope, catalog, { sale: id })).entries[0];
}

/** Finds a SKU with its sale, published or archived. */
export async function findSku(
  scope: CatalogScope,
  id: string,
): Promise<{ entry: CatalogEntry; sku: Sku } | undefined> {
  let catalog = await readCatalog(scope);
  if (!catalog.hasEverHad(id)) catalog = await readCatalog(scope, CURRENT_MS);
  const published = catalog.sku(id);
  if (published || !catalog.hasEverHad(id)) return published;
  const [entry] = (await findArchived(scope, catalog, { sku: id })).entries;
  const sku = entry?.sale.skus.find((each) => each.id === id);
  return entry && sku && { entry, sku };
}

/** A page of archived sales that are listed, latest end first. `after` is the last sale of the page before, or null. */
export const archivePage = (
  scope: CatalogScope,
  catalog: Catalog,
  after: string | null,
  limit: number,
): Promise<ArchivedEntries> =>
  readArchive(scope, catalog, `after/${after ?? ""}`, () =>
    registryOf(scope.env).older(after, limit),
  );

const findArchived = (
  scope: CatalogScope,
  catalog: Catalog,
  name: { sale: string } | { sku: string },
) =>
  readArchive(scope, catalog, Object.entries(name).flat().join("/"), async () => {
    const found = await registryOf(scope.env).find(name);
    return { sales: found ? [found] : [], more: false };
  });

async function readArchive(
  scope: CatalogScope,
  catalog: Catalog,
  query: string,
  load: () => Promise<ArchivePage>,
): Promise<ArchivedEntries> {
  const name = `archive/${catalog.older.version}/${query}`;
  const cached = answers.get(name);
  if (cached) return (await cached.shared.read(scope)).value;
  const shared = new SwrCache<ArchivePage, ArchivedEntries, CatalogScope>({
    name,
    freshMs: LIFE_MS,
    revalidateMs: LIFE_MS,
    staleMs: LIFE_MS,
    load,
    build: (page) => {
      answers.set(name, { shared, size: JSON.stringify(page).length });
      const parsed = page.sales.flatMap((each) => parseRegistered(each) ?? []);
      return { entries: livingEntries(parsed), more: page.more };
    },
  });
  answers.set(name, { shared, size: 0 });
  return (await shared.read(scope)).value;
}
