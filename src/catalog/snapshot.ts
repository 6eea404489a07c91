// The catalog as the edge knows it: one document in the isolate's memory, refreshed from Redis. An
// unknown sale or SKU is answered from it without asking anyone.

import { INTERACTIVE_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import type { CatalogEntry, Sale, Sku } from "./schema.ts";
import { livingEntries, loadCatalogFields } from "./store.ts";

/** Up to this age (plus jitter) a snapshot is used as it is. */
const FRESH_MS = 2_000;
/** Spread refreshes of many isolates, so that they do not ask in the same moment. */
const JITTER_MS = 1_000;
/** Up to this age it is served while one caller refreshes it; with it operators' changes show ≤ 5 s. */
const REVALIDATE_MS = 4_500;
/** When Redis does not answer, the old snapshot serves as long as the isolate lives; retry after: */
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
  /** Milliseconds; when it was read from Redis. */
  readAt: number;
  freshUntil: number;
}

let held: Held | undefined;
let refreshing: Promise<Held> | undefined;

/** Forgets the snapshot, so that the next reader asks Redis: after an operator's change. */
export function dropSnapshot(): void {
  held = undefined;
  refreshing = undefined;
}

async function refresh(config: RedisConfig): Promise<Held> {
  const fields = await withRedis(config, INTERACTIVE_LIMIT_MS, loadCatalogFields);
  // Redis emptied is a fault, not an empty catalog: the sales we know stay until it is rebuilt.
  if (fields.length === 0 && held && held.catalog.entries.length > 0) {
    throw new Error("the catalog in Redis is empty");
  }
  const now = Date.now();
  return {
    catalog: buildCatalog(livingEntries(fields)),
    readAt: now,
    freshUntil: now + FRESH_MS + Math.random() * JITTER_MS,
  };
}

/** One refresh at a time for the isolate; `waitUntil` keeps it alive when its starter goes away. */
function startRefresh(
  config: RedisConfig,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<Held> {
  if (refreshing) return refreshing;
  const mine = refresh(config)
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
  ctx.waitUntil(mine.catch(() => {}));
  return mine;
}

/**
 * The catalog for one request. `stale` says that Redis could not be asked in time and the answer is
 * older than the stated bound.
 * @throws when there is no snapshot at all and Redis does not answer
 */
export async function readCatalog(
  config: RedisConfig,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<{ catalog: Catalog; stale: boolean }> {
  const now = Date.now();
  const known = held;
  if (known && now < known.freshUntil) {
    return { catalog: known.catalog, stale: now - known.readAt > REVALIDATE_MS };
  }
  const next = startRefresh(config, ctx);
  if (known && now - known.readAt < REVALIDATE_MS) return { catalog: known.catalog, stale: false };
  try {
    return { catalog: (await orOwn(next, config)).catalog, stale: false };
  } catch (error) {
    if (known) return { catalog: known.catalog, stale: true };
    throw error;
  }
}

/** A shared promise may never settle when the request that owns it is gone: then read for ourselves. */
async function orOwn(shared: Promise<Held>, config: RedisConfig): Promise<Held> {
  const patience = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), 2 * INTERACTIVE_LIMIT_MS);
  });
  return (await Promise.race([shared, patience])) ?? refresh(config);
}
