// Access to the catalog's two stores. The registry object is the source. Redis holds the copy that edges read: one
// document with its version beside it, so that an edge with the current version reads only the version.

import type { Redis } from "@upstash/redis/cloudflare";
import * as z from "zod";
import type { LineEnv } from "../admission/client.ts";
import type { EdgeScope } from "../edge/scope.ts";
import type { InventoryEnv } from "../inventory/client.ts";
import { log } from "../observability/log.ts";
import { healed } from "../redis/bad-values.ts";
import type { Keys } from "../redis/keys.ts";
import { readVersioned, writeNewer } from "../redis/versioned.ts";
import type { SaleRegistry } from "./registry.ts";
import type { Published, PublishedCatalog, RegisteredSale } from "./registry-types.ts";
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

const VERSION = "version";
const DOCUMENT = "document";

/**
 * Reads the copy in Redis. Undefined if it is absent or unreadable. Costs one command if the version is unchanged.
 *
 * @param held the version that the caller already holds
 */
export async function readPublished(
  redis: Redis,
  keys: Keys,
  held?: number,
): Promise<Published | undefined> {
  const fields = held === undefined ? [VERSION, DOCUMENT] : [VERSION];
  // Without the client's deserialization the result is the plain array that Redis returned.
  const texts = (await healed(redis, keys, [{ key: keys.catalog, type: "hash" }], () =>
    redis.hmget(keys.catalog, ...fields),
  )) as unknown as (string | null)[];
  const version = readVersioned(texts[0] ?? null)?.version;
  if (held !== undefined && version === held) return { version };
  const text = fields.includes(DOCUMENT)
    ? texts[1]
    : await redis.hget<string>(keys.catalog, DOCUMENT);
  const catalog = parseCatalog(readVersioned(text ?? null)?.value);
  if (version !== undefined && catalog) return { version: catalog.version, catalog };
  if (texts[0] ?? text)
    log("redis.bad_value", { step: "catalog", cause: "the catalog cannot be read" });
  return undefined;
}

/** Copies the catalog to Redis unless the copy there is as new. Returns whether it was written. */
export async function storePublished(
  redis: Redis,
  keys: Keys,
  catalog: PublishedCatalog,
): Promise<boolean> {
  const { version } = catalog;
  const field = { key: keys.catalog, version };
  const written = await writeNewer(redis, keys, [
    { ...field, field: DOCUMENT, value: catalog },
    { ...field, field: VERSION, value: null },
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
  sales.flatMap(({ revision, sale }) => (sale ? [{ revision, sale }] : []));
