// The catalog's copy in Redis, as other isolates read and write it.
import type { PublishedCatalog } from "../../src/catalog/registry-types.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { CATALOG_FIELD } from "../../src/redis/keys.ts";
import { readVersioned } from "../../src/redis/versioned.ts";
import { KEYS, redis } from "../support/redis.ts";

/** The catalog in Redis. Undefined if there is none. */
export async function copyInRedis(): Promise<PublishedCatalog | undefined> {
  const text = await redis<string | null>("HGET", KEYS.catalog, "document");
  return readVersioned(text)?.value as PublishedCatalog | undefined;
}

/** A sale in Redis. Undefined if it is not published. */
export async function saleInRedis(id: string): Promise<Sale | null | undefined> {
  return (await copyInRedis())?.sales.find((registered) => registered.id === id)?.sale;
}

/** Writes the catalog to Redis as another isolate would. This isolate does not notice. */
export async function writeCopy(catalog: Pick<PublishedCatalog, "version">): Promise<void> {
  const { version } = catalog;
  const document = `${version} ${JSON.stringify(catalog)}`;
  await redis("HSET", KEYS.catalog, "document", document);
  await redis("HSET", KEYS.live, CATALOG_FIELD, `${version} null`);
}

/** Changes a sale as another isolate would, `laterMs` after the last change of the catalog. */
export async function changeInAnotherIsolate(sale: Sale, laterMs = 1): Promise<void> {
  const catalog = (await copyInRedis()) as PublishedCatalog;
  const version = catalog.version + laterMs;
  const sales = catalog.sales.map((registered) =>
    registered.id === sale.id ? { ...registered, sale, revision: version } : registered,
  );
  await writeCopy({ ...catalog, version, sales } as PublishedCatalog);
}
