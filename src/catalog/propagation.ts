// Propagates a sale from the registry to the objects of its SKUs and its line, and to Redis. They accept only newer
// revisions, so every step can run again, and the reconciliation finishes an interrupted propagation.
import { type LineEnv, lineOf } from "../admission/client.ts";
import { lineSettings } from "../admission/settings.ts";
import type { Branding } from "../config/branding.ts";
import type { Config } from "../config/config.ts";
import { refuse } from "../http/errors.ts";
import { atObject, type InventoryEnv } from "../inventory/client.ts";
import type { Terms } from "../inventory/decide-order.ts";
import { limitedSale } from "../inventory/decide-stock.ts";
import type { Layout, OrderRef } from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import { NOT_COPIED, reachesEdges } from "../redis/copy.ts";
import { lineTermsOf } from "./line-terms.ts";
import { itemOf } from "./order-item.ts";
import type { Confirmation, LaneChange, RegisteredSale } from "./registry-types.ts";
import { type Changed, refused } from "./sale-result.ts";
import type { Sale, Sku } from "./schema.ts";
import { dropSnapshot } from "./snapshot.ts";
import { type RegistryEnv, registryOf, storePublished } from "./store.ts";

export type CatalogEnv = InventoryEnv & RegistryEnv & LineEnv;

export type CatalogConfig = RedisConfig & Pick<Config, "THEME">;

const NOT_CONFIGURED =
  "The change is registered, but not every object has it yet. That is retried every minute, and it is safe to send the request again";

/**
 * Propagates a registered sale to the objects and to Redis. One may fail without stopping the other. Succeeds once the
 * objects have the sale and no edge reads the previous state from Redis.
 */
export async function propagate(
  env: CatalogEnv,
  config: CatalogConfig,
  registered: RegisteredSale,
): Promise<Changed> {
  const confirmed = await configureObjects(env, config, registered).catch((error) => {
    log("catalog.propagation_failed", { cause: causeOf(error) });
    return undefined;
  });
  const copied = await publishToEdges(env, config);
  if (confirmed && copied) return { ok: true, registered: confirmed };
  const detail = confirmed ? NOT_COPIED : NOT_CONFIGURED;
  return refused(refuse("unavailable", { detail, retryAfterSeconds: 60 }));
}

/** Publishes the registry's catalog after a change. Returns false if edges still read the previous state. */
export async function publishToEdges(env: RegistryEnv, config: RedisConfig): Promise<boolean> {
  const { catalog } = await registryOf(env).published();
  const copied = await reachesEdges(config, (redis, keys) => storePublished(redis, keys, catalog));
  dropSnapshot(catalog.version);
  return copied;
}

/** Copies the catalog to Redis. Returns whether the copy there was older. */
export async function publish(env: RegistryEnv, config: RedisConfig): Promise<boolean> {
  const { catalog } = await registryOf(env).published();
  return withRedis(config, "redis-background", (redis, keys) =>
    storePublished(redis, keys, catalog),
  );
}

/**
 * Configures the objects of a sale's SKUs and of its line, which also learns that the sale has none or was deleted.
 *
 * @returns the sale after any correction
 * @throws if an object cannot be configured
 */
export async function configureObjects(
  env: CatalogEnv,
  config: CatalogConfig,
  registered: RegisteredSale,
): Promise<RegisteredSale> {
  const current = await configureSkus(env, config, registered);
  const { id: saleId, revision, sale } = current;
  await lineOf(env, saleId).configure({
    saleId,
    revision,
    terms: sale && lineTermsOf(sale, current),
  });
  return current;
}

/**
 * Configures the objects of a sale's current and former SKUs, and reports their answers to the registry. If an object
 * contradicts the document, the registry corrects the document, and the objects are configured again.
 *
 * @returns the sale after any correction
 * @throws if an object cannot be configured
 */
async function configureSkus(
  env: CatalogEnv,
  config: CatalogConfig,
  registered: RegisteredSale,
): Promise<RegisteredSale> {
  let current = registered;
  for (;;) {
    const confirmations = await configureSkuObjects(env, config, current);
    const corrected = await registryOf(env).confirm(current.id, current.revision, confirmations);
    if (!corrected) return current;
    current = corrected;
  }
}

/** Returns the answers of the objects that now have this revision. The others have a newer one. */
async function configureSkuObjects(
  env: InventoryEnv,
  { THEME: site }: CatalogConfig,
  { revision, sale, former, withdrawn = {}, layouts = {} }: RegisteredSale,
): Promise<Confirmation[]> {
  const commands = [
    ...(sale?.skus ?? []).map((sku) => ({
      skuId: sku.id,
      revision,
      offer: {
        terms: toTerms(sale as Sale, sku, site),
        stock: sku.stock,
        ...layoutOf(sku, layouts[sku.id]),
        withdrawn: withdrawn[sku.id] ?? 0,
      },
    })),
    ...former.map((skuId) => ({ skuId, revision, offer: null })),
  ];
  const setups = await Promise.all(
    commands.map((command) => atObject(env, command.skuId, (object) => object.configure(command))),
  );
  const uncounted = setups.filter((setup) => limitedSale(setup) !== setup.countedSale);
  await Promise.all(uncounted.map(({ skuId }) => countOrders(env, skuId)));
  return setups
    .filter((setup) => setup.revision === revision)
    .map(({ skuId, stocked, everSold, withdrawn }) => ({
      skuId,
      stocked,
      everSold,
      ...(withdrawn ? { withdrawn } : {}),
    }));
}

/**
 * Counts the orders from before the sale had a limit per person. Edges learn of the limit afterwards, and the objects take
 * no order without a lease meanwhile, so the limit is exact from the answer to the operator on.
 */
async function countOrders(env: InventoryEnv, skuId: string): Promise<void> {
  let after: OrderRef | null = null;
  do {
    const from: OrderRef | null = after;
    after = await atObject(env, skuId, (object) => object.countOrders(from));
  } while (after);
}

/** The lanes of a SKU for its objects. None if it has always had one object. */
const layoutOf = (
  { lanes = 1 }: Pick<Sku, "lanes">,
  { since, former }: LaneChange = { since: 0, former: [] },
): { layout?: Layout } => (lanes > 1 || since > 0 ? { layout: { since, lanes, former } } : {});

function toTerms(sale: Sale, sku: Sku, site: Branding): Terms {
  return {
    saleId: sale.id,
    skuId: sku.id,
    opensAt: Date.parse(sale.opensAt),
    closesAt: Date.parse(sale.closesAt),
    unitPrice: sku.unitPrice,
    perUserLimit: sku.perUserLimit,
    ...(sale.perUserLimit === undefined ? {} : { saleLimit: sale.perUserLimit }),
    holdSeconds: sku.holdSeconds,
    ...(lineSettings(sale) ? { hasLine: true } : {}),
    item: itemOf(sale, sku, site),
  };
}
