// The catalog as the edge knows it: one document, so that an unknown sale or SKU is answered without asking
// anyone. It holds what sells, will sell or has just sold; what is older is asked for (see `archive.ts`).
import { readColo, writeColo } from "../edge/colo.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { BuyerFilter } from "../inventory/buyers.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { BACKGROUND_LIMIT_MS, INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import { nameHash } from "./name-filter.ts";
import type { Published, PublishedCatalog, RegisteredSale } from "./registry-types.ts";
import type { CatalogEntry, Sku } from "./schema.ts";
import {
  type CatalogScope,
  livingEntries,
  parseCatalog,
  readPublished,
  registryOf,
  storePublished,
} from "./store.ts";

/** An immutable view of the sales that matter now, with look-ups by id; none of them does I/O. */
export interface Catalog {
  /** Rises with every change of any sale. */
  version: number;
  /** In no particular order. */
  entries: readonly CatalogEntry[];
  /** How many sales are not among these, and the version with which those changed last. */
  older: { count: number; version: number };
  sale(id: string): CatalogEntry | undefined;
  sku(id: string): { entry: CatalogEntry; sku: Sku } | undefined;
  /** False only if the sale never existed; true for those that were deleted. */
  hasEverHadSale(id: string): boolean;
  /** False only if the SKU never existed; true for those that left their sale, or whose sale was deleted. */
  hasEverHad(skuId: string): boolean;
  /** False only if it is known that no order for the SKU was ever accepted. */
  hasEverSold(skuId: string): boolean;
}

function buildCatalog({ version, older, olderVersion, sales, names }: PublishedCatalog): Catalog {
  const entries = livingEntries(sales);
  const byId = new Map(entries.map((entry) => [entry.sale.id, entry]));
  const skus = new Map(
    entries.flatMap((entry) => entry.sale.skus.map((sku) => [sku.id, { entry, sku }] as const)),
  );
  const unsoldUntil = new Map(sales.flatMap(unsoldSkus));
  // A filter that does not parse excludes nobody.
  const filter = BuyerFilter.parse(names);
  const mayBe = (kind: "sale" | "sku", id: string) => filter?.mayHave(nameHash(kind, id)) ?? true;
  return {
    version,
    entries,
    older: { count: older, version: olderVersion },
    sale: (id) => byId.get(id),
    sku: (id) => skus.get(id),
    hasEverHadSale: (id) => byId.has(id) || mayBe("sale", id),
    hasEverHad: (id) => skus.has(id) || mayBe("sku", id),
    hasEverSold: (id) => Date.now() >= (unsoldUntil.get(id) ?? 0),
  };
}

/** A SKU that has never sold cannot sell before its sale opens: until then, in milliseconds. */
const unsoldSkus = ({ sale, unsold }: RegisteredSale): [skuId: string, until: number][] =>
  sale ? unsold.map((id) => [id, Date.parse(sale.opensAt)]) : [];

/**
 * An operator's change shows everywhere within 5 s, without a purge: what an isolate answers is at most
 * `REVALIDATE_MS` old, Cloudflare's cache uses that answer for `CACHED_MS` more, browsers ask each time,
 * and a quarter of a second is for the way. While Redis fails, it is up to about 4 s old, and then no cache
 * may use it without asking.
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

const snapshot: SwrCache<number, Catalog, CatalogScope> = new SwrCache({
  name: "catalog",
  freshMs: FRESH_MS,
  revalidateMs: REVALIDATE_MS,
  staleMs: 3_600_000,
  load: loadVersion,
  // The same object while nothing changed, for much is kept beside it.
  build: (version, scope) => (latest?.version === version ? latest : loadCatalog(scope, version)),
  fallback: fromRegistry,
});

/** The last catalog this isolate made. What isolates share each second is no more than its version. */
let latest: Catalog | undefined;

/** The version of the last change made here, until a read has seen it: Redis may have missed it. */
let awaited = 0;

function learn(scope: CatalogScope, { version, catalog }: Published): number {
  if (catalog && version !== latest?.version) {
    latest = buildCatalog(catalog);
    scope.waitUntil(toColo(scope, catalog));
  }
  return version;
}

const fromRedis = (scope: CatalogScope, held?: number): Promise<Published | undefined> =>
  withRedis(scope.config, INTERACTIVE_LIMIT_MS, (redis, keys) => readPublished(redis, keys, held));

async function fromRegistry(scope: CatalogScope): Promise<number> {
  return learnParsed(scope, await registryOf(scope.env).publishedAfter(latest?.version));
}

/** The registry may have kept sales that an older version of ours accepted. */
function learnParsed(scope: CatalogScope, { version, catalog }: Published): number {
  const parsed = catalog && parseCatalog(catalog);
  return learn(scope, { version, ...(parsed ? { catalog: parsed } : {}) });
}

/** Redis may have an older catalog than was made, or than the registry told us, while Redis was down. */
async function loadVersion(scope: CatalogScope): Promise<number> {
  const least = awaited;
  const published = await fromRedis(scope, snapshot.last?.version);
  const isBehind = !published || published.version < Math.max(least, snapshot.last?.version ?? 0);
  const version = isBehind ? await restore(scope) : learn(scope, published);
  if (awaited === least) awaited = 0;
  return version;
}

/** The catalog of a version that another isolate found, or of a newer one. */
async function loadCatalog(scope: CatalogScope, version: number): Promise<Catalog> {
  const catalog = await fromColo(scope, version);
  if (catalog) {
    latest = buildCatalog(catalog);
    return latest;
  }
  const published = await fromRedis(scope);
  if (published) learn(scope, published);
  else await restore(scope);
  return latest as Catalog;
}

/** Redis has no catalog that can be used: it gets back what the registry knows. */
async function restore(scope: CatalogScope): Promise<number> {
  await withRedis(scope.config, INTERACTIVE_LIMIT_MS, (redis, keys) => redis.del(keys.catalog));
  const published = await registryOf(scope.env).published();
  count("catalog_restored");
  scope.waitUntil(
    withRedis(scope.config, BACKGROUND_LIMIT_MS, (redis, keys) =>
      storePublished(redis, keys, published.catalog),
    ).catch((error) => log("catalog.restore_failed", { cause: causeOf(error) })),
  );
  return learnParsed(scope, published);
}

const DOCUMENT_AGE_MS = 3_600_000;

/** A document never changes, so the colo keeps it under its version. */
const documentName = (version: number): string => `catalog/${version}`;

const toColo = (scope: CatalogScope, catalog: PublishedCatalog): Promise<void> =>
  writeColo(scope.config, documentName(catalog.version), catalog, DOCUMENT_AGE_MS);

const fromColo = async (
  scope: CatalogScope,
  version: number,
): Promise<PublishedCatalog | undefined> =>
  parseCatalog(await readColo(scope.config, documentName(version)));

/** The catalog for one request. Throws only when it was never read and nothing answers. */
export const readCatalog = async (scope: CatalogScope): Promise<Catalog> =>
  (await snapshot.read(scope)).value;

/** What this isolate knows of the catalog already, however old: nobody is asked. */
export const knownCatalog = (): Catalog | undefined => snapshot.last;

/** After an operator's change: this isolate reads it at once, the others within 5 s. */
export function dropSnapshot(version = awaited): void {
  awaited = version;
  snapshot.drop();
}

/** Cache headers of what is made of the catalog now: while Redis fails it may be too old to be kept. */
export const cachedNow = (): Record<string, string> =>
  snapshot.isOverdue ? ASKED_EACH_TIME : CACHED;
