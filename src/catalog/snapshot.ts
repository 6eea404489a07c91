// The catalog as the edge knows it: one document in the isolate's memory, refreshed from Redis. An
// unknown sale or SKU is answered from it without asking anyone.

import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { BACKGROUND_LIMIT_MS, INTERACTIVE_LIMIT_MS, withRedis } from "../redis/client.ts";
import type { RegisteredSale } from "./registry.ts";
import type { CatalogEntry, Sale, Sku } from "./schema.ts";
import { livingEntries, loadSales, registryOf, storeSales } from "./store.ts";

/** Up to this age (plus jitter) a snapshot is used as it is. */
const FRESH_MS = 2_000;
/** Spread refreshes of many isolates, so that they do not ask in the same moment. */
const JITTER_MS = 1_000;
/** Up to this age it is served while one caller refreshes it; with it operators' changes show ≤ 5 s. */
const REVALIDATE_MS = 4_500;
/** While Redis does not answer, the old snapshot serves this long; Redis is asked again every second. */
const STALE_LIMIT_MS = 3_600_000;
const RETRY_MS = 1_000;

/** An immutable view of all sales, with look-ups by id. */
export interface Catalog {
  /** Changes whenever any sale changes: the highest revision and the number of sales. */
  version: string;
  entries: readonly CatalogEntry[];
  sale(id: string): CatalogEntry | undefined;
  sku(id: string): { sale: Sale; sku: Sku; revision: number } | undefined;
}

export function buildCatalog(entries: CatalogEntry[]): Catalog {
  const sales = new Map(entries.map((entry) => [entry.sale.id, entry]));
  const skus = new Map(
    entries.flatMap(({ sale, revision }) =>
      sale.skus.map((sku) => [sku.id, { sale, sku, revision }] as const),
    ),
  );
  const newest = entries.reduce((max, { revision }) => Math.max(max, revision), 0);
  return {
    version: `${newest}-${entries.length}`,
    entries,
    sale: (id) => sales.get(id),
    sku: (id) => skus.get(id),
  };
}

interface Held {
  catalog: Catalog;
  /** Milliseconds; when its source was read. */
  readAt: number;
  freshUntil: number;
}

/** Where a snapshot comes from, and who keeps its refresh alive. */
type Reader = Pick<AppContext, "env" | "get" | "executionCtx">;

let held: Held | undefined;
let refreshing: Promise<Held> | undefined;

/** Forgets the snapshot, so that the next reader asks Redis: after an operator's change. */
export function dropSnapshot(): void {
  held = undefined;
  refreshing = undefined;
}

/** From Redis; from the registry when Redis is empty, or does not answer and nothing usable is held. */
async function refresh(c: Reader): Promise<Held> {
  const now = Date.now();
  let sales: RegisteredSale[];
  try {
    sales = await withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, loadSales);
    if (sales.length === 0) sales = await restore(c);
  } catch (error) {
    count("catalog_degraded");
    if (held && now - held.readAt < STALE_LIMIT_MS) throw error;
    sales = await registryOf(c.env).all();
  }
  const freshUntil = now + FRESH_MS + Math.random() * JITTER_MS;
  return { catalog: buildCatalog(livingEntries(sales)), readAt: now, freshUntil };
}

/** Redis has no catalog: it was emptied, or never had one. Gives it back what the registry knows. */
async function restore(c: Reader): Promise<RegisteredSale[]> {
  const sales = await registryOf(c.env).all();
  if (sales.length > 0) {
    count("catalog_restored");
    c.executionCtx.waitUntil(
      withRedis(c.get("config"), BACKGROUND_LIMIT_MS, (redis) => storeSales(redis, sales)).catch(
        (error) => log("catalog.restore_failed", { cause: causeOf(error) }),
      ),
    );
  }
  return sales;
}

/** One refresh at a time for the isolate; `waitUntil` keeps it alive when its starter goes away. */
function startRefresh(c: Reader): Promise<Held> {
  if (refreshing) return refreshing;
  const mine = refresh(c)
    .then((next) => {
      if (refreshing === mine) held = next;
      return next;
    })
    .catch((error) => {
      if (held) held.freshUntil = Date.now() + RETRY_MS;
      throw error;
    })
    .finally(() => {
      if (refreshing === mine) refreshing = undefined;
    });
  refreshing = mine;
  c.executionCtx.waitUntil(mine.catch(() => {}));
  return mine;
}

/**
 * The catalog for one request. `stale` says that no source answered in time and the snapshot is older
 * than the stated bound.
 * @throws when there is no usable snapshot at all and neither Redis nor the registry answers
 */
export async function readCatalog(c: Reader): Promise<{ catalog: Catalog; stale: boolean }> {
  const now = Date.now();
  const known = held;
  if (known && now < known.freshUntil) {
    return { catalog: known.catalog, stale: now - known.readAt > REVALIDATE_MS };
  }
  const next = startRefresh(c);
  if (known && now - known.readAt < REVALIDATE_MS) return { catalog: known.catalog, stale: false };
  try {
    return { catalog: (await orOwn(next, c)).catalog, stale: false };
  } catch (error) {
    if (known) return { catalog: known.catalog, stale: true };
    throw error;
  }
}

/** A shared promise may never settle when the request that owns it is gone: then read for ourselves. */
async function orOwn(shared: Promise<Held>, c: Reader): Promise<Held> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), 2 * INTERACTIVE_LIMIT_MS);
  });
  try {
    return (await Promise.race([shared, patience])) ?? (await refresh(c));
  } finally {
    clearTimeout(timer);
  }
}
