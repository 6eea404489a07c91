// Access to the catalog's two stores. The registry object is the source. Redis holds the copy that edges read: one document,
// and its version among what they poll, so that an edge with the current version reads only that.

import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import type { LineEnv } from "../admission/client.ts";
import type { EdgeScope } from "../edge/scope.ts";
import type { InventoryEnv } from "../inventory/client.ts";
import { MAX_LANES } from "../inventory/order-id.ts";
import { log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import { CATALOG_FIELD, type Keys } from "../redis/keys.ts";
import { readVersioned, writeNewer } from "../redis/versioned.ts";
import type { SaleRegistry } from "./registry.ts";
import type { PublishedCatalog, RegisteredSale } from "./registry-types.ts";
import { type CatalogEntry, saleSchema } from "./schema.ts";
import { parseSwitches } from "./switches.ts";

export interface RegistryEnv {
  SALE_REGISTRY: DurableObjectNamespace<SaleRegistry>;
}

/** The parts of a request that catalog reads need. */
export interface CatalogScope extends EdgeScope {
  env: RegistryEnv & InventoryEnv & LineEnv;
}

/** The only registry. A new stub each time, because a stub that threw is dead. */
export function registryOf(env: RegistryEnv) {
  return env.SALE_REGISTRY.getByName("registry");
}

const PAGE_SIZE = 100;

/** All sales that ever existed, including deleted ones. Paged, because they may not fit in memory. */
export async function* allSales(env: RegistryEnv): AsyncGenerator<RegisteredSale> {
  for (let after = ""; ; ) {
    const page: RegisteredSale[] = await registryOf(env).page(after, PAGE_SIZE);
    yield* page;
    if (page.length < PAGE_SIZE) return;
    after = (page.at(-1) as RegisteredSale).id;
  }
}

const DOCUMENT = "document";

/** The version of the catalog in Redis. Undefined if it is absent or unreadable. */
export const versionIn = (text: string | null | undefined): number | undefined =>
  readVersioned(text ?? null)?.version;

/** Reads the copy in Redis. Undefined if it is absent or unreadable. */
export async function readPublished(
  redis: Redis,
  keys: Keys,
): Promise<PublishedCatalog | undefined> {
  const text = await healed(redis, keys, [{ key: keys.catalog, type: "hash" }], () =>
    redis.hget<string>(keys.catalog, DOCUMENT),
  );
  const catalog = parseCatalog(readVersioned(text)?.value);
  if (!catalog && text !== null) {
    log("redis.bad_value", { step: "catalog", cause: "the catalog cannot be read" });
  }
  return catalog;
}

/** Removes the copy in Redis, which is unreadable or older than it says. */
export async function removePublished(redis: Redis, keys: Keys): Promise<void> {
  await Promise.all([redis.del(keys.catalog), redis.hdel(keys.live, CATALOG_FIELD)]);
}

/** Copies the catalog to Redis unless the copy there is as new. Returns whether it was written. */
export async function storePublished(
  redis: Redis,
  keys: Keys,
  catalog: PublishedCatalog,
): Promise<boolean> {
  const { version } = catalog;
  const written = await writeNewer(redis, keys, [
    { key: keys.catalog, field: DOCUMENT, version, value: catalog },
    { key: keys.live, field: CATALOG_FIELD, version, value: null },
  ]);
  return written > 0;
}

const catalogSchema = z.object({
  version: z.int(),
  olderVersion: z.int(),
  older: z.int(),
  names: z.string(),
  sales: z.array(z.unknown()),
  // Absent if an earlier release published the catalog.
  switches: z.unknown().transform(parseSwitches),
});

const registeredSchema = z.object({
  id: z.string(),
  revision: z.int(),
  sale: saleSchema.nullable(),
  former: z.array(z.string()),
  unsold: z.array(z.string()),
  layouts: z
    .record(
      z.string(),
      z.object({ since: z.int(), former: z.array(z.int().min(1).max(MAX_LANES)) }),
    )
    .optional(),
});

/** Parses a published catalog. Omits sales that do not match the schema. */
export function parseCatalog(value: unknown): PublishedCatalog | undefined {
  const { data } = catalogSchema.safeParse(value);
  return data && { ...data, sales: data.sales.flatMap((sale) => parseRegistered(sale) ?? []) };
}

/** Parses a registered sale. Undefined if it does not match the schema. */
export const parseRegistered = (value: unknown): RegisteredSale | undefined =>
  registeredSchema.safeParse(value).data;

/** The sales that were not deleted. */
export const livingEntries = (sales: readonly RegisteredSale[]): CatalogEntry[] =>
  sales.flatMap(({ revision, sale, layouts }) => (sale ? [{ revision, sale, layouts }] : []));
