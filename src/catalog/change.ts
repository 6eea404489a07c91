// Changes of the catalog: the registry first, for it decides; then the SKU objects, then the copy in Redis. A
// change that dies on the way is finished by repeating it, or by the reconciliation: objects and copies only
// ever move to newer revisions.
import type { Redis } from "@upstash/redis/cloudflare";
import { type Issue, type Refusal, refuse } from "../errors.ts";
import { atObject, callInventory, type InventoryEnv, LANE } from "../inventory/client.ts";
import type { Terms } from "../inventory/decide-order.ts";
import { MAX_UNITS } from "../inventory/decide-stock.ts";
import type { LedgerReport } from "../inventory/report.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { NOT_COPIED, reachesEdges } from "../redis/copy.ts";
import type { Keys } from "../redis/keys.ts";
import { noteAllRebuilt } from "../redis/rebuilt.ts";
import { itemOf } from "./order-item.ts";
import { holds, type Precondition } from "./precondition.ts";
import { type Confirmation, etagOfSale, type RegisteredSale } from "./registry-types.ts";
import { type Sale, type Sku, saleState } from "./schema.ts";
import { dropSnapshot } from "./snapshot.ts";
import { type RegistryEnv, registryOf, storePublished } from "./store.ts";

export type CatalogEnv = InventoryEnv & RegistryEnv;

/** Before the first sale there is no order that Redis could lack. */
const nothingSoldYet = (redis: Redis, keys: Keys) => noteAllRebuilt(redis, keys, []);

type Refused = { ok: false; refusal: Refusal };
type Changed<T = unknown> = ({ ok: true; registered: RegisteredSale } & T) | Refused;

const refused = (refusal: Refusal): Refused => ({ ok: false, refusal });
const invalid = (path: string, message: string): Refused =>
  refused(refuse("invalid_request", { issues: [{ path, message }] }));

/**
 * Creates or replaces a sale. A SKU that left the document goes off sale; its orders stay. `warnings` say
 * what the operator may not expect.
 */
export async function putSale(
  env: CatalogEnv,
  config: RedisConfig,
  sale: Sale,
  condition: Precondition,
): Promise<Changed<{ created: boolean; warnings: Issue[] }>> {
  const before = await registryOf(env).show(sale.id);
  if (!holds(condition, etagOfSale(before?.registered)))
    return refused(refuse("precondition_failed"));
  const reports = await reportsOf(env, sale);
  const issues = tooFewUnits(sale, reports);
  if (issues.length > 0) return refused(refuse("stock_below_committed", { issues }));
  const put = await registryOf(env).put(sale, condition);
  if (!put.ok && put.reason === "precondition_failed") return refused(refuse(put.reason));
  if (!put.ok) {
    const index = sale.skus.findIndex(({ id }) => id === put.skuId);
    return invalid(`skus.${index}.id`, `belongs to the sale ${put.saleId}`);
  }
  const changed = await spread(env, config, put.registered);
  if (put.isFirst) {
    await withRedis(config, BACKGROUND_LIMIT_MS, nothingSoldYet).catch((error) =>
      log("catalog.first_not_noted", { cause: causeOf(error) }),
    );
  }
  const warnings = usedUnits(sale, before?.registered.sale, reports);
  return changed.ok ? { ...changed, created: put.created, warnings } : changed;
}

/** Takes a sale off. Its orders stay in the ledgers. */
export async function deleteSale(
  env: CatalogEnv,
  config: RedisConfig,
  id: string,
  condition: Precondition,
): Promise<Changed> {
  const result = await registryOf(env).remove(id, condition);
  if (!result.ok) return refused(refuse(result.reason));
  // Also for a sale that is off already: the change before may have died on its way to the objects.
  const changed = await spread(env, config, result.registered);
  return changed.ok && !result.removed ? refused(refuse("not_found")) : changed;
}

/** Adds units to a SKU's stock, or takes free ones back with a negative quantity, once for each key. */
export async function restock(
  env: CatalogEnv,
  config: RedisConfig,
  skuId: string,
  quantity: number,
  key: string,
): Promise<Changed<{ replayed: boolean }>> {
  const asked = await callInventory(env, { skuId, lane: LANE }, (object) =>
    object.beforeRestock(key),
  );
  if (!asked.ok) return refused(refuse(asked.reason));
  if (!asked.value) return refused(refuse("not_found"));
  const result = await registryOf(env).restock({ skuId, quantity, key, ...asked.value });
  if (result.ok) {
    const changed = await spread(env, config, result.registered);
    return changed.ok ? { ...changed, replayed: result.replayed } : changed;
  }
  switch (result.reason) {
    case "below_committed":
      return invalid("quantity", `only ${asked.value.available} units are free to take back`);
    case "too_many":
      return invalid("quantity", `makes more than ${MAX_UNITS} units of ${result.stock}`);
    default:
      return refused(refuse(result.reason));
  }
}

/**
 * Brings a change to the objects and to Redis, the one whatever becomes of the other. It is done once the
 * objects know it: edges that cannot read Redis ask the registry.
 */
async function spread(
  env: CatalogEnv,
  config: RedisConfig,
  registered: RegisteredSale,
): Promise<Changed> {
  const settled = await settle(env, registered).catch((error) => {
    log("catalog.spread_failed", { cause: causeOf(error) });
    return undefined;
  });
  const { catalog } = await registryOf(env).published();
  const copied = await reachesEdges(config, (redis, keys) => storePublished(redis, keys, catalog));
  dropSnapshot(catalog.version);
  if (settled && copied) return { ok: true, registered: settled };
  const detail = settled ? NOT_COPIED : NOT_TOLD;
  return refused(refuse("unavailable", { detail, retryAfterSeconds: 60 }));
}

const NOT_TOLD =
  "The change is registered, but not every SKU could be told yet. That is tried again every minute; sending the request again is safe";

/** Copies the catalog to Redis. Returns whether that was news there. */
export async function publish(env: RegistryEnv, config: RedisConfig): Promise<boolean> {
  const { catalog } = await registryOf(env).published();
  return withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) =>
    storePublished(redis, keys, catalog),
  );
}

/**
 * Tells every object of a sale, and those of SKUs it used to have, and the registry what they said. Where an
 * object knows better, the document is corrected, and told in turn. Returns the sale as it is then.
 *
 * @throws when an object cannot be told
 */
export async function settle(env: CatalogEnv, registered: RegisteredSale): Promise<RegisteredSale> {
  let current = registered;
  for (;;) {
    const confirmations = await configureObjects(env, current);
    const corrected = await registryOf(env).confirm(current.id, current.revision, confirmations);
    if (!corrected) return current;
    current = corrected;
  }
}

/** The answers of the objects that now have this revision. */
async function configureObjects(
  env: InventoryEnv,
  { revision, sale, former }: RegisteredSale,
): Promise<Confirmation[]> {
  const commands = [
    ...(sale?.skus ?? []).map((sku) => ({
      skuId: sku.id,
      revision,
      offer: { terms: toTerms(sale as Sale, sku), stock: sku.stock },
    })),
    ...former.map((skuId) => ({ skuId, revision, offer: null })),
  ];
  const setups = await Promise.all(
    commands.map((command) => atObject(env, command.skuId, (object) => object.configure(command))),
  );
  return setups
    .filter((setup) => setup.revision === revision)
    .map(({ skuId, stocked, everSold }) => ({ skuId, stocked, everSold }));
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

/** The ledger reports of a sale's SKUs, in their order; null for a SKU that never had stock. */
const reportsOf = (env: InventoryEnv, sale: Sale): Promise<(LedgerReport | null)[]> =>
  Promise.all(sale.skus.map(({ id }) => atObject(env, id, (object) => object.report())));

const committed = (report: LedgerReport | null | undefined): number =>
  report ? report.held + report.sold : 0;

/** Units that somebody holds or bought cannot be taken off sale. */
function tooFewUnits(sale: Sale, reports: (LedgerReport | null)[]): Issue[] {
  return sale.skus.flatMap(({ stock }, index) => {
    const taken = committed(reports[index]);
    const message = `must be at least ${taken}: so many units are held or sold`;
    return stock < taken ? [{ path: `skus.${index}.stock`, message }] : [];
  });
}

/** A SKU that comes back brings the units it sold before with it: they count. */
function usedUnits(
  sale: Sale,
  before: Sale | null | undefined,
  reports: (LedgerReport | null)[],
): Issue[] {
  const isOpen = (each: Sale) => saleState(each, Date.now()) === "open";
  const goesOn = before && isOpen(before) && isOpen(sale);
  return sale.skus.flatMap(({ id, stock }, index) => {
    const taken = committed(reports[index]);
    const isNoNews = goesOn && before.skus.some((sku) => sku.id === id);
    if (taken === 0 || isNoNews) return [];
    const message = `counts ${taken} units that were held or sold before: ${stock - taken} of ${stock} are free`;
    return [{ path: `skus.${index}.stock`, message }];
  });
}
