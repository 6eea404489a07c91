// The catalog in Redis: one hash, a versioned field per sale. A deleted sale stays as `null`, so that
// a late write of an older revision cannot bring it back.
import type { Redis } from "@upstash/redis/cloudflare";
import { CATALOG_KEY } from "../redis/keys.ts";
import { readVersioned, writeNewer } from "../redis/versioned.ts";
import { type CatalogEntry, type Sale, saleSchema } from "./schema.ts";

/** One field of the catalog: a sale, or the mark of a deleted one. */
export interface CatalogField {
  id: string;
  revision: number;
  sale: Sale | null;
}

/** All fields, deleted ones included, in one command. Fields that no longer parse are left out. */
export async function loadCatalogFields(redis: Redis): Promise<CatalogField[]> {
  const flat = (await redis.hgetall(CATALOG_KEY)) as unknown as string[] | null;
  const fields: CatalogField[] = [];
  for (let i = 0; i + 1 < (flat?.length ?? 0); i += 2) {
    const field = parseField(flat?.[i] as string, flat?.[i + 1] as string);
    if (field) fields.push(field);
  }
  return fields;
}

function parseField(id: string, text: string): CatalogField | undefined {
  const stored = readVersioned(text);
  if (!stored) return undefined;
  if (stored.value === null) return { id, revision: stored.version, sale: null };
  const sale = saleSchema.safeParse(stored.value);
  return sale.success ? { id, revision: stored.version, sale: sale.data } : undefined;
}

/** Writes a sale, or with `sale: null` its deletion, unless Redis already has a newer revision. */
export async function storeCatalogFields(redis: Redis, fields: CatalogField[]): Promise<number> {
  return writeNewer(
    redis,
    fields.map(({ id, revision, sale }) => ({
      key: CATALOG_KEY,
      field: id,
      version: revision,
      value: sale,
    })),
  );
}

/** The sales that exist, in the order they open. */
export function livingEntries(fields: CatalogField[]): CatalogEntry[] {
  return fields
    .flatMap(({ revision, sale }) => (sale ? [{ revision, sale }] : []))
    .sort(
      (a, b) => a.sale.opensAt.localeCompare(b.sale.opensAt) || a.sale.id.localeCompare(b.sale.id),
    );
}
