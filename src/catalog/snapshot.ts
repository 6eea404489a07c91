// The catalog as one isolate holds it: one document, so that an unknown sale or SKU is refused without any I/O. It has
// open, upcoming, and recently closed sales. `archive.ts` reads the others.
import { readColo, writeColo } from "../edge/colo.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { BuyerFilter } from "../inventory/buyers.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { withRedis } from "../redis/client.ts";
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
import {
  type EffectiveSwitches,
  effectiveSwitches,
  type Switch,
  type SwitchTarget,
} from "./switches.ts";

/** An immutable view of the published sales. Its look-ups do no I/O. */
export interface Catalog {
  /** Increases with every change of any sale. */
  version: number;
  /** In no particular order. */
  entries: readonly CatalogEntry[];
  /** The number of archived sales, and the version of their last change. */
  older: { count: number; version: number };
  sale(id: string): CatalogEntry | undefined;
  sku(id: string): { entry: CatalogEntry; sku: Sku } | undefined;
  /** False only if the sale never existed. True for deleted sales. */
  hasEverHadSale(id: string): boolean;
  /** False only if the SKU never existed. True for SKUs that left their sale or whose sale was deleted. */
  hasEverHad(skuId: string): boolean;
  /** False only if certainly no order for the SKU was ever accepted. */
  hasEverSold(skuId: string): boolean;
  /** False only if certainly no order for the SKU was accepted before this revision of its sale applied. */
  hasSoldBefore(skuId: string, revision: number): boolean;
  /** The operator's switches, including those that have ended since they were published. */
  switches: readonly Switch[];
  /** The switches that apply to a sale and a SKU at `now`, in milliseconds. */
  switchesFor(target: SwitchTarget, now: number): EffectiveSwitches;
}

function buildCatalog(published: PublishedCatalog): Catalog {
  const { version, older, olderVersion, sales, names, switches } = published;
  const entries = livingEntries(sales);
  const byId = new Map(entries.map((entry) => [entry.sale.id, entry]));
  const skus = new Map(
    entries.flatMap((entry) => entry.sale.skus.map((sku) => [sku.id, { entry, sku }] as const)),
  );
  const unsold = new Map(sales.flatMap(unsoldSkus));
  // An unreadable filter excludes no id.
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
    hasEverSold: (id) => Date.now() >= (unsold.get(id)?.until ?? 0),
    hasSoldBefore: (id, revision) => unsold.get(id)?.revision !== revision,
    switches,
    switchesFor: (target, now) => effectiveSwitches(switches, now, target),
  };
}

/** The revision at which a SKU had never sold, and when its sale opens (milliseconds): before that, it cannot sell. */
interface Unsold {
  revision: number;
  until: number;
}

const unsoldSkus = ({ sale, revision, unsold }: RegisteredSale): [skuId: string, Unsold][] =>
  sale ? unsold.map((id) => [id, { revision, until: Date.parse(sale.opensAt) }]) : [];

/**
 * An operator's change shows everywhere within 5 s, without a purge: a response is at most `REVALIDATE_MS` old,
 * Cloudflare's cache uses it for `CACHED_MS` more, browsers revalidate each time, and a quarter of a second is left for
 * the network. While Redis fails, a response is up to about 4 s old, and caches have to revalidate it each time.
 */
const FRESH_MS = 1_000;
const REVALIDATE_MS = 1_750;
const MAX_AGE_SECONDS = 1;
const STALE_SECONDS = 1;
/** The cache has two tiers, and the `Age` header between them is in whole seconds, rounded down. */
const ROUNDED_SECONDS = 1;
export const CACHED_MS = 1_000 * (MAX_AGE_SECONDS + STALE_SECONDS + ROUNDED_SECONDS);

/** Cache tag of all responses that depend on the catalog. */
export const CATALOG_TAG = "catalog";

const toCache = (directives: string) => ({
  "Cache-Control": "public, no-cache",
  "Cloudflare-CDN-Cache-Control": directives,
  "Cache-Tag": CATALOG_TAG,
});

/** Cache headers of a response that depends on the catalog and is the same for every caller. */
export const CACHED = toCache(
  `public, max-age=${MAX_AGE_SECONDS}, stale-while-revalidate=${STALE_SECONDS}, stale-if-error=3600`,
);
/** Cache headers of such a response if it may be about to change: caches have to revalidate it each time. */
export const REVALIDATED = toCache("public, no-cache");

const snapshot: SwrCache<number, Catalog, CatalogScope> = new SwrCache({
  name: "catalog",
  freshMs: FRESH_MS,
  revalidateMs: REVALIDATE_MS,
  staleMs: 3_600_000,
  load: loadVersion,
  // The same object while nothing changed, because other caches use it as their key.
  build: (version, scope) => (latest?.version === version ? latest : loadCatalog(scope, version)),
  fallback: fromRegistry,
});

/** The last catalog that this isolate built. What isolates share every second is only its version. */
let latest: Catalog | undefined;

/** The version of the last change made in this isolate, until a read returned it. Redis may lack it. */
let awaited = 0;

function adopt(scope: CatalogScope, { version, catalog }: Published): number {
  if (catalog && version !== latest?.version) {
    latest = buildCatalog(catalog);
    scope.waitUntil(toColo(scope, catalog));
  }
  return version;
}

const fromRedis = (scope: CatalogScope, held?: number): Promise<Published | undefined> =>
  withRedis(scope.config, "redis", (redis, keys) => readPublished(redis, keys, held));

async function fromRegistry(scope: CatalogScope): Promise<number> {
  return adoptParsed(scope, await registryOf(scope.env).publishedAfter(latest?.version));
}

/** Parses the catalog first, because an earlier release may have accepted sales that are invalid now. */
function adoptParsed(scope: CatalogScope, { version, catalog }: Published): number {
  const parsed = catalog && parseCatalog(catalog);
  return adopt(scope, { version, ...(parsed ? { catalog: parsed } : {}) });
}

/** Redis may lack a change that was made here, or that the registry returned, while Redis was down. */
async function loadVersion(scope: CatalogScope): Promise<number> {
  const minimum = awaited;
  const published = await fromRedis(scope, snapshot.last?.version);
  const isBehind = !published || published.version < Math.max(minimum, snapshot.last?.version ?? 0);
  const version = isBehind ? await restore(scope) : adopt(scope, published);
  if (awaited === minimum) awaited = 0;
  return version;
}

/** The catalog of a version that another isolate found, or a newer one. */
async function loadCatalog(scope: CatalogScope, version: number): Promise<Catalog> {
  const catalog = await fromColo(scope, version);
  if (catalog) {
    latest = buildCatalog(catalog);
    return latest;
  }
  const published = await fromRedis(scope);
  if (published) adopt(scope, published);
  else await restore(scope);
  return latest as Catalog;
}

/** Redis has no usable catalog. Reads the registry's, and copies it to Redis in the background. */
async function restore(scope: CatalogScope): Promise<number> {
  await withRedis(scope.config, "redis", (redis, keys) => redis.del(keys.catalog));
  const published = await registryOf(scope.env).published();
  count("drift", "catalog");
  scope.waitUntil(
    withRedis(scope.config, "redis-background", (redis, keys) =>
      storePublished(redis, keys, published.catalog),
    ).catch((error) => log("catalog.restore_failed", { cause: causeOf(error) })),
  );
  return adoptParsed(scope, published);
}

const DOCUMENT_AGE_MS = 3_600_000;

/** A document of one version never changes, so the colo's cache stores it by version. */
const documentName = (version: number): string => `catalog/${version}`;

const toColo = (scope: CatalogScope, catalog: PublishedCatalog): Promise<void> =>
  writeColo(scope.config, documentName(catalog.version), catalog, DOCUMENT_AGE_MS);

const fromColo = async (
  scope: CatalogScope,
  version: number,
): Promise<PublishedCatalog | undefined> =>
  parseCatalog(await readColo(scope.config, documentName(version)));

/** The catalog for one request. Throws only if this isolate has none and neither Redis nor the registry answers. */
export const readCatalog = async (scope: CatalogScope): Promise<Catalog> =>
  (await snapshot.read(scope)).value;

/** The catalog that this isolate holds, however old. Does no I/O. */
export const heldCatalog = (): Catalog | undefined => snapshot.last;

/** The operator's switches as this isolate holds them. Does no I/O. */
export const switchesNow = (target: SwitchTarget = {}): EffectiveSwitches =>
  snapshot.last?.switchesFor(target, Date.now()) ?? {};

/** Call after an operator's change. This isolate reads it at once, the others within 5 s. */
export function dropSnapshot(version = awaited): void {
  awaited = version;
  snapshot.drop();
}

/** Cache headers of a response that depends on the held catalog, which may be old while Redis fails. */
export const cachedNow = (): Record<string, string> => (snapshot.isOverdue ? REVALIDATED : CACHED);
