// Where the catalog is kept: the registry object has it for good, Redis has the copy that edges read:
// one hash, a versioned field per sale.
import type { Redis } from "@upstash/redis/cloudflare";
import { readHash } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, writeNewer } from "../redis/versioned.ts";
import type { SaleRegistry, StoredSale } from "./registry.ts";
import { type CatalogEntry, saleSchema } from "./schema.ts";

export interface RegistryEnv {
  SALE_REGISTRY: DurableObjectNamespace<SaleRegistry>;
}

/** The one registry. A fresh stub each time: one that threw is dead. */
export function registryOf(env: RegistryEnv) {
  return env.SALE_REGISTRY.getByName("registry");
}

/** All sales in Redis, deleted ones included, in one command; what no longer parses is left out. */
export async function loadSales(redis: Redis, keys: Keys): Promise<StoredSale[]> {
  const fields = await readHash(redis, keys.catalog);
  return [...fields].flatMap(([id, text]) => parseField(id, text) ?? []);
}

function parseField(id: string, text: string): StoredSale | undefined {
  const stored = readVersioned(text);
  if (!stored) return undefined;
  if (stored.value === null) return { id, revision: stored.version, sale: null };
  const sale = saleSchema.safeParse(stored.value);
  return sale.success ? { id, revision: stored.version, sale: sale.data } : undefined;
}

/** Copies sales to Redis, unless it already has newer revisions. Returns how many were newer. */
export function storeSales(redis: Redis, keys: Keys, sales: StoredSale[]): Promise<number> {
  return writeNewer(
    redis,
    sales.map(({ id, revision, sale }) => ({
      key: keys.catalog,
      field: id,
      version: revision,
      value: sale,
    })),
  );
}

/** The sales that exist, in the order they open. */
export function livingEntries(sales: StoredSale[]): CatalogEntry[] {
  return sales
    .flatMap(({ revision, sale }) => (sale ? [{ revision, sale }] : []))
    .sort(
      (a, b) => a.sale.opensAt.localeCompare(b.sale.opensAt) || a.sale.id.localeCompare(b.sale.id),
    );
}
