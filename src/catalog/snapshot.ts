// The catalog as the edge knows it: one document, so that an unknown sale or SKU is answered without
// asking anyone.
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { BACKGROUND_LIMIT_MS, INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { type Reader, SharedValue } from "../shared-value.ts";
import type { RegisteredSale } from "./registry.ts";
import type { CatalogEntry, Sku } from "./schema.ts";
import {
  type CatalogCopy,
  livingEntries,
  loadSales,
  registryOf,
  replaceSales,
  storeSales,
} from "./store.ts";

/** An immutable view of all sales, with look-ups by id. */
export interface Catalog {
  /** Changes whenever any sale changes: every sale with its revision. */
  version: string;
  entries: readonly CatalogEntry[];
  sale(id: string): CatalogEntry | undefined;
  sku(id: string): { entry: CatalogEntry; sku: Sku } | undefined;
  /** False only if the SKU never existed; true for those that left their sale, or whose sale was deleted. */
  hasEverHad(skuId: string): boolean;
  /** False only if it is known that no order for the SKU was ever accepted. */
  hasEverSold(skuId: string): boolean;
}

function buildCatalog(version: string, all: RegisteredSale[]): Catalog {
  const entries = livingEntries(all);
  const sales = new Map(entries.map((entry) => [entry.sale.id, entry]));
  const skus = new Map(
    entries.flatMap((entry) => entry.sale.skus.map((sku) => [sku.id, { entry, sku }] as const)),
  );
  const former = new Set(all.flatMap((registered) => registered.former));
  const unsoldUntil = new Map(all.flatMap(unsoldSkus));
  return {
    version,
    entries,
    sale: (id) => sales.get(id),
    sku: (id) => skus.get(id),
    hasEverHad: (id) => skus.has(id) || former.has(id),
    hasEverSold: (id) => Date.now() >= (unsoldUntil.get(id) ?? 0),
  };
}

/** A SKU that has never sold cannot sell before its sale opens, nor while it is in no sale: milliseconds. */
const unsoldSkus = ({ sale, unsold, former }: RegisteredSale): [skuId: string, until: number][] =>
  unsold.map((id) => [
    id,
    sale && !former.includes(id) ? Date.parse(sale.opensAt) : Number.POSITIVE_INFINITY,
  ]);

const versionOf = (all: readonly RegisteredSale[]): string =>
  all
    .map(({ id, revision, unsold }) => `${id}@${revision}-${unsold.length}`)
    .sort()
    .join();

let latest: Catalog | undefined;

/** The catalog of these sales: the same object while nothing changed, for much is kept beside it. */
function catalogOf(all: RegisteredSale[]): Catalog {
  const version = versionOf(all);
  if (latest?.version !== version) latest = buildCatalog(version, all);
  return latest;
}

/**
 * An operator's change shows everywhere within 5 s, without a purge: what an isolate answers is at most
 * `REVALIDATE_MS` old, Cloudflare's cache uses that answer for `CACHED_MS` more, browsers ask each time,
 * and a quarter of a second is for the way.
 */
const FRESH_MS = 1_000;
const REVALIDATE_MS = 1_750;
const MAX_AGE_SECONDS = 1;
const STALE_SECONDS = 1;
/** The cache has two tiers, and one tells the other an answer's age in whole seconds, rounded down. */
const LOST_SECONDS = 1;
export const CACHED_MS = 1_000 * (MAX_AGE_SECONDS + STALE_SECONDS + LOST_SECONDS);

/** Purging this tag empties Cloudflare's cache of everything that is made of the catalog. */
export const CATALOG_TAG = "catalog";

const toCache = (directives: string) => ({
  "Cache-Control": "public, no-cache",
  "Cloudflare-CDN-Cache-Control": directives,
  "Cache-Tag": CATALOG_TAG,
});

/** Cache headers of whatever is made of the catalog and is the same for everybody. */
export const CACHED = toCache(
  `public, max-age=${MAX_AGE_SECONDS}, stale-while-revalidate=${STALE_SECONDS}, stale-if-error=3600`,
);
/** The same for the last moment before it changes: nobody may use it without asking. */
export const ASKED_EACH_TIME = toCache("public, no-cache");

const snapshot = new SharedValue<RegisteredSale[], Catalog>({
  name: "catalog",
  freshMs: FRESH_MS,
  revalidateMs: REVALIDATE_MS,
  staleMs: 3_600_000,
  load: async (c) => {
    const copy = await withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, loadSales);
    return copy.sales.length > 0 && copy.unreadable.size === 0 ? copy.sales : restore(c, copy);
  },
  build: catalogOf,
  fallback: (c) => registryOf(c.env).all(),
});

/**
 * Redis has no catalog, or sales in it that cannot be read: it was emptied, or never had one, or something
 * else wrote there. Gives it back what the registry knows.
 */
async function restore(c: Reader, { unreadable }: CatalogCopy): Promise<RegisteredSale[]> {
  const sales = await registryOf(c.env).all();
  if (sales.length > 0 || unreadable.size > 0) {
    count("catalog_restored");
    c.executionCtx.waitUntil(
      withRedis(c.get("config"), BACKGROUND_LIMIT_MS, async (redis, keys) => {
        await replaceSales(redis, keys, sales, unreadable);
        await storeSales(redis, keys, sales);
      }).catch((error) => log("catalog.restore_failed", { cause: causeOf(error) })),
    );
  }
  return sales;
}

/** The catalog for one request. Throws only when it was never read and nothing answers. */
export const readCatalog = async (c: Reader): Promise<Catalog> => (await snapshot.read(c)).value;

/** What this isolate knows of the catalog already, however old: nobody is asked. */
export const knownCatalog = (): Catalog | undefined => snapshot.last;

/** After an operator's change: this isolate reads it at once, the others within 5 s. */
export const dropSnapshot = (): void => snapshot.drop();
