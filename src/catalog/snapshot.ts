// The catalog as one isolate holds it: one document, so that an unknown sale or SKU is refused without any I/O. It has
// open, upcoming, and recently closed sales. `archive.ts` reads the others.

import { readColo, writeColo } from "../edge/colo.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { withRedis } from "../redis/client.ts";
import { CATALOG_FIELD } from "../redis/keys.ts";
import { buildCatalog, type Catalog } from "./catalog.ts";
import { forgetPolls, poll, pollAlong } from "./poll.ts";
import type { Published, PublishedCatalog } from "./registry-types.ts";
import { BRISK, CALM, type Rhythm, rhythmAt } from "./rhythm.ts";
import {
  type CatalogScope,
  parseCatalog,
  readPublished,
  registryOf,
  removePublished,
  storePublished,
  versionIn,
} from "./store.ts";
import type { EffectiveSwitches, SwitchTarget } from "./switches.ts";

/**
 * Around a sale, an operator's change shows everywhere within 5 s, without a purge: a response is at most
 * `BRISK.revalidateMs` old, Cloudflare's cache uses it for `CACHED_MS` more, browsers revalidate each time, and a quarter of
 * a second is left for the network. While Redis fails, a response is up to about 4 s old, and caches have to revalidate
 * it each time. While nothing is on, edges ask once a minute (`rhythm.ts`), so a change may need `CHANGE_SHOWN_MS`.
 */
const MAX_AGE_SECONDS = 1;
const STALE_SECONDS = 1;
/** The cache has two tiers, and the `Age` header between them is in whole seconds, rounded down. */
const ROUNDED_SECONDS = 1;
export const CACHED_MS = 1_000 * (MAX_AGE_SECONDS + STALE_SECONDS + ROUNDED_SECONDS);
/** How long a change may need to show everywhere if nothing was on before it: milliseconds. */
export const CHANGE_SHOWN_MS = CALM.revalidateMs + CACHED_MS + 250;

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
  freshMs: (now) => rhythm(now).freshMs,
  revalidateMs: (now) => rhythm(now).revalidateMs,
  staleMs: 3_600_000,
  load: loadVersion,
  // The same object while nothing changed, because other caches use it as their key.
  build: (version, scope) => (latest?.version === version ? latest : loadCatalog(scope, version)),
  fallback: fromRegistry,
});

/** How often this isolate asks what has changed. Every second while it does not know the sales. */
export const rhythm = (now: number): Rhythm => (latest ? rhythmAt(latest.brisk, now) : BRISK);

// Another reading of the version counts as one of this cache if nothing has changed. Otherwise this one is due soon.
pollAlong(() => {
  const take = snapshot.expect();
  const [held, minimum] = [latest?.version, awaited];
  return [
    {
      fields: [CATALOG_FIELD],
      take(scope, [text], readAt) {
        const version = versionIn(text);
        if (version !== undefined && version === held && minimum <= version) {
          take(scope, version, readAt);
        }
      },
    },
  ];
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
  const [text] = await poll(scope, [CATALOG_FIELD]);
  const published = versionIn(text);
  const least = Math.max(minimum, snapshot.last?.version ?? 0);
  const isBehind = published === undefined || published < least;
  const version = isBehind ? await restore(scope) : published;
  if (awaited === minimum) awaited = 0;
  return version;
}

/** The catalog of a version that this isolate or another one found, or a newer one. */
async function loadCatalog(scope: CatalogScope, version: number): Promise<Catalog> {
  const copy = await fromColo(scope, version);
  if (copy) {
    latest = buildCatalog(copy);
    return latest;
  }
  const catalog = await withRedis(scope.config, "redis", readPublished);
  if (catalog && catalog.version >= version) adopt(scope, { version: catalog.version, catalog });
  else await restore(scope);
  return latest as Catalog;
}

/** Redis has no usable catalog. Reads the registry's, and copies it to Redis in the background. */
async function restore(scope: CatalogScope): Promise<number> {
  await withRedis(scope.config, "redis", removePublished);
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

/** For requests that must know a change within two seconds even while nothing is on: `maxAgeMs` of `readCatalog`. */
export const CURRENT_MS = BRISK.revalidateMs;

/**
 * The catalog for one request. Throws only if this isolate has none and neither Redis nor the registry answers.
 *
 * @param maxAgeMs the request waits for a newer one if it is older. By default the rhythm decides
 */
export const readCatalog = async (scope: CatalogScope, maxAgeMs?: number): Promise<Catalog> =>
  (await snapshot.read(scope, { maxAgeMs })).value;

/** The catalog that this isolate holds, however old. Does no I/O. */
export const heldCatalog = (): Catalog | undefined => snapshot.last;

/** The operator's switches as this isolate holds them. Does no I/O. */
export const switchesNow = (target: SwitchTarget = {}): EffectiveSwitches =>
  snapshot.last?.switchesFor(target, Date.now()) ?? {};

/** Call after an operator's change. This isolate reads it at once, the others within 5 s. */
export function dropSnapshot(version = awaited): void {
  awaited = version;
  snapshot.drop();
  forgetPolls();
}

/** Cache headers of a response that depends on the held catalog, which may be old while Redis fails. */
export const cachedNow = (): Record<string, string> => (snapshot.isOverdue ? REVALIDATED : CACHED);
