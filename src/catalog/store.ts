// Where the catalog is kept: the registry object has it for good, Redis has the copy that edges read:
// one hash, a versioned field per sale.
import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import { healed, replaceBad } from "../redis/bad-values.ts";
import { readHash } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, textOf, writeNewer } from "../redis/versioned.ts";
import type { RegisteredSale, SaleRegistry } from "./registry.ts";
import { type CatalogEntry, saleSchema } from "./schema.ts";

export interface RegistryEnv {
  SALE_REGISTRY: DurableObjectNamespace<SaleRegistry>;
}

/** The one registry. A fresh stub each time: one that threw is dead. */
export function registryOf(env: RegistryEnv) {
  return env.SALE_REGISTRY.getByName("registry");
}

/** The copy in Redis: all sales, deleted ones included, and the texts of those that cannot be read. */
export interface CatalogCopy {
  sales: RegisteredSale[];
  unreadable: ReadonlyMap<string, string>;
}

/** Reads the copy in one command. */
export async function loadSales(redis: Redis, keys: Keys): Promise<CatalogCopy> {
  const fields = await healed(redis, keys, [{ key: keys.catalog, type: "hash" }], () =>
    readHash(redis, keys.catalog),
  );
  const read = [...fields].map(([id, text]) => ({ id, text, sale: parseField(id, text) }));
  return {
    sales: read.flatMap(({ sale }) => sale ?? []),
    unreadable: new Map(read.flatMap(({ id, text, sale }) => (sale ? [] : [[id, text] as const]))),
  };
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
    keys,
    sales.map(({ id, revision, ...value }) => ({
      key: keys.catalog,
      field: id,
      version: revision,
      value,
    })),
  );
}

/** Puts what the registry has in the place of texts nobody can read. */
export function replaceSales(
  redis: Redis,
  keys: Keys,
  sales: RegisteredSale[],
  unreadable: ReadonlyMap<string, string>,
): Promise<void> {
  const texts = new Map(
    sales.map(({ id, revision, ...value }) => [id, textOf(revision, value)] as const),
  );
  return replaceBad(
    redis,
    "catalog",
    [...unreadable].map(([field, bad]) => ({
      key: keys.catalog,
      field,
      bad,
      text: texts.get(field) ?? null,
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
