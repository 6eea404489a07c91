// Where the catalog is kept: the registry object has it for good, Redis has the copy that edges read:
// one hash, a versioned field per sale.
import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import { readHash } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, writeNewer } from "../redis/versioned.ts";
import type { RegisteredSale, SaleRegistry } from "./registry.ts";
import { type CatalogEntry, saleSchema } from "./schema.ts";

export interface RegistryEnv {
  SALE_REGISTRY: DurableObjectNamespace<SaleRegistry>;
}

/** The one registry. A fresh stub each time: one that threw is dead. */
export function registryOf(env: RegistryEnv) {
  return env.SALE_REGISTRY.getByName("registry");
}

/** All sales in Redis, deleted ones included, in one command; what no longer parses is left out. */
export async function loadSales(redis: Redis, keys: Keys): Promise<RegisteredSale[]> {
  const fields = await readHash(redis, keys.catalog);
  return [...fields].flatMap(([id, text]) => parseField(id, text) ?? []);
}

const storedSchema = z.object({
  sale: saleSchema.nullable(),
  former: z.array(z.string()),
  unsold: z.array(z.string()),
});

function parseField(id: string, text: string): RegisteredSale | undefined {
  const stored = readVersioned(text);
  const { data } = storedSchema.safeParse(stored?.value);
  return stored && data && { id, revision: stored.version, ...data };
}

/** Copies sales to Redis, unless it already has newer revisions. Returns how many were newer. */
export function storeSales(redis: Redis, keys: Keys, sales: RegisteredSale[]): Promise<number> {
  return writeNewer(
    redis,
    sales.map(({ id, revision, ...value }) => ({
      key: keys.catalog,
      field: id,
      version: revision,
      value,
    })),
  );
}

/** The sales that exist, in the order they open. */
export function livingEntries(sales: RegisteredSale[]): CatalogEntry[] {
  return sales
    .flatMap(({ revision, sale }) => (sale ? [{ revision, sale }] : []))
    .sort(
      (a, b) => a.sale.opensAt.localeCompare(b.sale.opensAt) || a.sale.id.localeCompare(b.sale.id),
    );
}
