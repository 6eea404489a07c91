// Sales that are not in the published catalog: closed for longer, or beyond its size. The registry is asked
// about them, once for a colo while none of them changes: what was read belongs to a version of the catalog.
import { memory } from "../edge/memory.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import type { ArchivePage } from "./registry-types.ts";
import type { CatalogEntry, Sku } from "./schema.ts";
import { type Catalog, readCatalog } from "./snapshot.ts";
import { type CatalogScope, livingEntries, parseRegistered, registryOf } from "./store.ts";

/** A newer version of the catalog has other names for them. */
const KEPT_MS = 3_600_000;

/** Sales that are not in the published catalog, and whether more of them follow. */
export interface ArchivedEntries {
  entries: CatalogEntry[];
  more: boolean;
}

interface Answer {
  shared: SwrCache<ArchivePage, ArchivedEntries, CatalogScope>;
  /** Characters of the answer as JSON; 0 until it came. */
  size: number;
}

/** Bytes of memory for each character of a parsed answer, and for each answer besides. */
const CHARACTER_BYTES = 4;
const ANSWER_BYTES = 2_048;

const answers = memory<Answer>("older", {
  sizeOf: ({ size }) => ANSWER_BYTES + CHARACTER_BYTES * size,
});

/** A sale, however old. Names that never existed are refused without asking anyone. */
export async function findSale(scope: CatalogScope, id: string): Promise<CatalogEntry | undefined> {
  const catalog = await readCatalog(scope);
  const known = catalog.sale(id);
  if (known || !catalog.hasEverHadSale(id)) return known;
  return (await findArchived(scope, catalog, { sale: id })).entries[0];
}

/** A SKU with its sale, however old. */
export async function findSku(
  scope: CatalogScope,
  id: string,
): Promise<{ entry: CatalogEntry; sku: Sku } | undefined> {
  const catalog = await readCatalog(scope);
  const known = catalog.sku(id);
  if (known || !catalog.hasEverHad(id)) return known;
  const [entry] = (await findArchived(scope, catalog, { sku: id })).entries;
  const sku = entry?.sale.skus.find((each) => each.id === id);
  return entry && sku && { entry, sku };
}

/** Up to `limit` older sales, latest end first, after one of them or after all that are not older. */
export const archivePage = (
  scope: CatalogScope,
  catalog: Catalog,
  after: string | null,
  limit: number,
): Promise<ArchivedEntries> =>
  answer(scope, catalog, `after/${after ?? ""}`, () => registryOf(scope.env).older(after, limit));

const findArchived = (
  scope: CatalogScope,
  catalog: Catalog,
  name: { sale: string } | { sku: string },
) =>
  answer(scope, catalog, Object.entries(name).flat().join("/"), async () => {
    const found = await registryOf(scope.env).find(name);
    return { sales: found ? [found] : [], more: false };
  });

async function answer(
  scope: CatalogScope,
  catalog: Catalog,
  question: string,
  ask: () => Promise<ArchivePage>,
): Promise<ArchivedEntries> {
  const name = `older/${catalog.older.version}/${question}`;
  const known = answers.get(name);
  if (known) return (await known.shared.read(scope)).value;
  const shared = new SwrCache<ArchivePage, ArchivedEntries, CatalogScope>({
    name,
    freshMs: KEPT_MS,
    revalidateMs: KEPT_MS,
    staleMs: KEPT_MS,
    load: ask,
    build: (page) => {
      answers.set(name, { shared, size: JSON.stringify(page).length });
      const parsed = page.sales.flatMap((each) => parseRegistered(each) ?? []);
      return { entries: livingEntries(parsed), more: page.more };
    },
  });
  answers.set(name, { shared, size: 0 });
  return (await shared.read(scope)).value;
}
