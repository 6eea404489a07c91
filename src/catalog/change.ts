// Changes of the catalog: the registry first, then the SKU objects, then Redis. A change that dies on
// the way is finished by repeating it, or by the reconciliation: copies only ever move to newer revisions.
import type { Redis } from "@upstash/redis/cloudflare";
import { type Refusal, refuse } from "../errors.ts";
import { callInventory, type InventoryEnv, LANE } from "../inventory/client.ts";
import type { Terms } from "../inventory/decide-order.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { noteAllRebuilt } from "../redis/rebuilt.ts";
import { itemOf } from "./item.ts";
import type { RegisteredSale } from "./registry.ts";
import type { Sale, Sku } from "./schema.ts";
import { dropSnapshot } from "./snapshot.ts";
import { type RegistryEnv, registryOf, storeSales } from "./store.ts";

/** Before the first sale there is no order that Redis could lack. */
const nothingSoldYet = (redis: Redis, keys: Keys) => noteAllRebuilt(redis, keys, []);

export type CatalogEnv = InventoryEnv & RegistryEnv;

type ChangeResult = { ok: true; created: boolean } | { ok: false; refusal: Refusal };

const invalid = (path: string, message: string): ChangeResult => ({
  ok: false,
  refusal: refuse("invalid_request", { issues: [{ path, message }] }),
});

/** Creates or replaces a sale. A SKU that left the document goes off sale; its orders stay. */
export async function putSale(
  env: CatalogEnv,
  config: RedisConfig,
  sale: Sale,
): Promise<ChangeResult> {
  const short = await findShortStock(env, sale);
  if (short)
    return invalid(`skus.${short.index}.stock`, `${short.committed} units are held or sold`);
  const put = await registryOf(env).put(sale);
  if (!put.ok) {
    const index = sale.skus.findIndex(({ id }) => id === put.skuId);
    return invalid(`skus.${index}.id`, `belongs to the sale ${put.saleId}`);
  }
  await spread(env, config, put.registered);
  if (put.isFirst) await withRedis(config, BACKGROUND_LIMIT_MS, nothingSoldYet);
  return { ok: true, created: put.created };
}

/** Takes a sale off; false when there is none. Its orders stay in the ledgers. */
export async function deleteSale(
  env: CatalogEnv,
  config: RedisConfig,
  id: string,
): Promise<boolean> {
  const result = await registryOf(env).remove(id);
  // Also for a sale that is off already: the change before may have died on its way to the objects.
  if (result) await spread(env, config, result.registered);
  return result?.removed ?? false;
}

async function spread(
  env: CatalogEnv,
  config: RedisConfig,
  registered: RegisteredSale,
): Promise<void> {
  const unsold = await configureObjects(env, registered);
  await withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) =>
    storeSales(redis, keys, [{ ...registered, unsold }]),
  );
  dropSnapshot();
}

/**
 * Tells every object of the sale, and those of SKUs it used to have. Returns the SKUs that have never sold:
 * their objects have the new terms by then, so a sale that was postponed cannot sell in between.
 * @throws when an object cannot be told
 */
export async function configureObjects(
  env: CatalogEnv,
  { id, revision, sale, former, unsold: known }: RegisteredSale,
): Promise<string[]> {
  const commands = [
    ...(sale?.skus ?? []).map((sku) => ({
      skuId: sku.id,
      revision,
      offer: { terms: toTerms(sale as Sale, sku), stock: sku.stock },
    })),
    ...former.map((skuId) => ({ skuId, revision, offer: null })),
  ];
  const configured = await Promise.all(
    commands.map(async (command) => {
      const address = { skuId: command.skuId, lane: LANE };
      const answer = await callInventory(env, address, (object) => object.configure(command));
      if (!answer.ok) throw answer.cause;
      return answer.value;
    }),
  );
  const unsold = configured
    .filter((object) => object.revision === revision && !object.everSold)
    .map(({ skuId }) => skuId);
  if (unsold.some((skuId) => !known.includes(skuId))) {
    await registryOf(env).noteUnsold(id, revision, unsold);
  }
  return unsold;
}

function toTerms(sale: Sale, sku: Sku): Terms {
  return {
    saleId: sale.id,
    skuId: sku.id,
    opensAt: Date.parse(sale.opensAt),
    closesAt: Date.parse(sale.closesAt),
    unitPrice: sku.unitPrice,
    perUserLimit: sku.perUserLimit,
    holdSeconds: sku.holdSeconds,
    item: itemOf(sale, sku),
  };
}

/** Lowering `stock` takes units back; those that somebody holds or bought cannot be taken. */
async function findShortStock(env: InventoryEnv, sale: Sale) {
  const reports = await Promise.all(
    sale.skus.map(async ({ id }) => {
      const address = { skuId: id, lane: LANE };
      const answer = await callInventory(env, address, (object) => object.report());
      if (!answer.ok) throw answer.cause;
      return answer.value;
    }),
  );
  for (const [index, report] of reports.entries()) {
    const { stock } = sale.skus[index] as Sku;
    const taken = (report?.configuredStock ?? 0) - stock;
    if (report && taken > report.available) {
      return { index, committed: report.configuredStock - report.available };
    }
  }
  return undefined;
}
