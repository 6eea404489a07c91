// Changes of the catalog: the objects first, then Redis. Whichever write is lost, the higher revision
// wins on both sides when the change is repeated or the reconciliation runs.
import { type Refusal, refuse } from "../errors.ts";
import { callInventory, type InventoryEnv, LANE } from "../inventory/client.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import type { Sale } from "./schema.ts";
import { dropSnapshot } from "./snapshot.ts";
import { type CatalogField, loadCatalogFields, storeCatalogFields } from "./store.ts";

type ChangeResult = { ok: true; created: boolean } | { ok: false; refusal: Refusal };

const invalid = (path: string, message: string): ChangeResult => ({
  ok: false,
  refusal: refuse("invalid_request", { issues: [{ path, message }] }),
});

/** Creates or replaces a sale. A SKU that left the document goes off sale; its orders stay. */
export async function putSale(
  env: InventoryEnv,
  config: RedisConfig,
  sale: Sale,
): Promise<ChangeResult> {
  const fields = await withRedis(config, BACKGROUND_LIMIT_MS, loadCatalogFields);
  const taken = findTakenSku(fields, sale);
  if (taken) return invalid(`skus.${taken.index}.id`, `belongs to the sale ${taken.saleId}`);
  const before = fields.find(({ id }) => id === sale.id);
  const short = await findShortStock(env, before?.sale ?? null, sale);
  if (short)
    return invalid(`skus.${short.index}.stock`, `${short.committed} units are held or sold`);
  await apply(env, config, { id: sale.id, revision: nextRevision(before), sale }, before);
  return { ok: true, created: !before?.sale };
}

/** Takes a sale off; false when there is none. Its orders stay in the ledgers. */
export async function deleteSale(
  env: InventoryEnv,
  config: RedisConfig,
  id: string,
): Promise<boolean> {
  const fields = await withRedis(config, BACKGROUND_LIMIT_MS, loadCatalogFields);
  const before = fields.find((field) => field.id === id);
  if (!before?.sale) return false;
  await apply(env, config, { id, revision: nextRevision(before), sale: null }, before);
  return true;
}

/** Revisions are milliseconds, so that they go on rising after Redis was emptied. */
const nextRevision = (before: CatalogField | undefined): number =>
  Math.max(Date.now(), (before?.revision ?? 0) + 1);

async function apply(
  env: InventoryEnv,
  config: RedisConfig,
  field: CatalogField,
  before: CatalogField | undefined,
): Promise<void> {
  await configureObjects(env, field, before?.sale ?? null);
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis) => storeCatalogFields(redis, [field]));
  dropSnapshot();
}

/** Tells every object of the sale, and those of SKUs it used to have. Throws when one cannot be told. */
export async function configureObjects(
  env: InventoryEnv,
  { revision, sale }: CatalogField,
  before: Sale | null,
): Promise<void> {
  const now = new Set(sale?.skus.map(({ id }) => id));
  const all = new Set([...now, ...(before?.skus.map(({ id }) => id) ?? [])]);
  await Promise.all(
    [...all].map(async (skuId) => {
      const command = { skuId, revision, sale: now.has(skuId) ? sale : null };
      const answer = await callInventory(env, { skuId, lane: LANE }, (inventory) =>
        inventory.configure(command),
      );
      if (!answer.ok) throw answer.cause;
    }),
  );
}

/** A SKU id names one object, so it can be in one sale only. */
function findTakenSku(fields: CatalogField[], sale: Sale) {
  const owners = new Map(
    fields.flatMap((field) => (field.sale?.skus ?? []).map((sku) => [sku.id, field.id] as const)),
  );
  for (const [index, { id }] of sale.skus.entries()) {
    const saleId = owners.get(id);
    if (saleId !== undefined && saleId !== sale.id) return { index, saleId };
  }
  return undefined;
}

/** Lowering `stock` takes units back; those that somebody holds or bought cannot be taken. */
async function findShortStock(env: InventoryEnv, before: Sale | null, sale: Sale) {
  for (const [index, { id, stock }] of sale.skus.entries()) {
    const old = before?.skus.find((sku) => sku.id === id);
    if (!old || stock >= old.stock) continue;
    const answer = await callInventory(env, { skuId: id, lane: LANE }, (inventory) =>
      inventory.report(),
    );
    if (!answer.ok) throw answer.cause;
    const free = answer.value?.available ?? 0;
    if (old.stock - stock > free) return { index, committed: old.stock - free };
  }
  return undefined;
}
