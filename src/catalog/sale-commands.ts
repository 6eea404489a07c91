// The operator's commands on sales. The registry decides on a change first. Then it is propagated to the SKU objects
// and to Redis. If that is interrupted, repeating the command or the reconciliation finishes it.
import type { Redis } from "@upstash/redis/cloudflare";
import { lineChangeFault } from "../admission/settings.ts";
import { type Issue, refuse } from "../http/errors.ts";
import { atObject, callInventory, type InventoryEnv } from "../inventory/client.ts";
import { MAX_UNITS } from "../inventory/decide-stock.ts";
import { ROOT } from "../inventory/order-id.ts";
import type { LedgerReport } from "../inventory/report.ts";
import { causeOf, log } from "../observability/log.ts";
import { withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { noteAllRebuilt } from "../redis/rebuilt.ts";
import { holds, type Precondition } from "./precondition.ts";
import { type CatalogConfig, type CatalogEnv, propagate } from "./propagation.ts";
import { etagOfSale } from "./registry-types.ts";
import { eraseRehearsal, type RemovalEnv } from "./rehearsal-removal.ts";
import { type Changed, invalid, refused } from "./sale-result.ts";
import { type Sale, saleState } from "./schema.ts";
import { registryOf } from "./store.ts";

/** Before the first sale there are no orders, so Redis cannot lack any. */
const noteNoOrders = (redis: Redis, keys: Keys) => noteAllRebuilt(redis, keys, []);

/**
 * Creates or replaces a sale. A SKU that is missing from the new document goes off sale; its orders remain.
 *
 * @returns `warnings` about effects that the operator may not expect
 */
export async function putSale(
  env: CatalogEnv,
  config: CatalogConfig,
  sale: Sale,
  condition: Precondition,
): Promise<Changed<{ created: boolean; warnings: Issue[] }>> {
  const before = await registryOf(env).show(sale.id);
  if (!holds(condition, etagOfSale(before?.registered)))
    return refused(refuse("precondition_failed"));
  const current = before?.registered.sale;
  const fault = current && lineChangeFault(current, sale, Date.now());
  if (fault) return invalid(`admission.${fault.field}`, fault.message);
  const reports = await reportsOf(env, sale);
  const issues = stockIssues(sale, reports);
  if (issues.length > 0) return refused(refuse("stock_below_committed", { issues }));
  const put = await registryOf(env).put(sale, condition);
  if (!put.ok && put.reason === "precondition_failed") return refused(refuse(put.reason));
  if (!put.ok && put.reason === "rehearsal") {
    return invalid("rehearsal", "a sale is made as a rehearsal, or never becomes one");
  }
  if (!put.ok && put.reason === "rehearsal_granted") {
    return invalid("id", "was a rehearsal's within the last hour, whose grants are still good");
  }
  if (!put.ok) {
    const index = sale.skus.findIndex(({ id }) => id === put.skuId);
    return invalid(`skus.${index}.id`, `belongs to the sale ${put.saleId}`);
  }
  const changed = await propagate(env, config, put.registered);
  if (put.isFirst) {
    await withRedis(config, "redis-background", noteNoOrders).catch((error) =>
      log("catalog.first_sale_not_noted", { cause: causeOf(error) }),
    );
  }
  const warnings = reuseWarnings(sale, current, reports);
  return changed.ok ? { ...changed, created: put.created, warnings } : changed;
}

/** Deletes a sale. Its orders remain in the ledgers, unless it was a rehearsal, of which nothing does. */
export async function deleteSale(
  env: RemovalEnv,
  config: CatalogConfig,
  id: string,
  condition: Precondition,
): Promise<Changed> {
  const shown = await registryOf(env).show(id);
  const result = await registryOf(env).remove(id, condition);
  if (!result.ok) return refused(refuse(result.reason));
  // Also if the sale was deleted before: the propagation of that deletion may have been interrupted.
  const changed = await propagate(env, config, result.registered);
  const before = shown?.registered.sale;
  // If that fails, the scheduled run goes on with it.
  if (changed.ok && before?.rehearsal) await eraseRehearsal(env, config, result.registered, before);
  return changed.ok && !result.removed ? refused(refuse("not_found")) : changed;
}

/** Adds units to a SKU's stock, or removes free units if `quantity` is negative. Applied once per key. */
export async function restock(
  env: CatalogEnv,
  config: CatalogConfig,
  skuId: string,
  quantity: number,
  key: string,
): Promise<Changed<{ replayed: boolean }>> {
  const answer = await callInventory(env, { skuId, lane: ROOT }, (object) =>
    object.beforeRestock(key),
  );
  if (!answer.ok) return refused(refuse(answer.reason));
  if (!answer.value) return refused(refuse("not_found"));
  const result = await registryOf(env).restock({ skuId, quantity, key, ...answer.value });
  if (result.ok) {
    const changed = await propagate(env, config, result.registered);
    return changed.ok ? { ...changed, replayed: result.replayed } : changed;
  }
  switch (result.reason) {
    case "below_committed":
      return invalid("quantity", `only ${answer.value.available} units are free to remove`);
    case "too_many":
      return invalid(
        "quantity",
        `would exceed the maximum of ${MAX_UNITS} units: the stock is ${result.stock}`,
      );
    default:
      return refused(refuse(result.reason));
  }
}

/** The ledger reports of a sale's SKUs, in their order. Null for a SKU that never had stock. */
const reportsOf = (env: InventoryEnv, sale: Sale): Promise<(LedgerReport | null)[]> =>
  Promise.all(sale.skus.map(({ id }) => atObject(env, id, (object) => object.report())));

const committed = (report: LedgerReport | null | undefined): number =>
  report ? report.held + report.sold : 0;

/** One issue for each SKU whose stock would be below its held and sold units. */
function stockIssues(sale: Sale, reports: (LedgerReport | null)[]): Issue[] {
  return sale.skus.flatMap(({ stock }, index) => {
    const taken = committed(reports[index]);
    const message = `must be at least ${taken}, the number of units that are held or sold`;
    return stock < taken ? [{ path: `skus.${index}.stock`, message }] : [];
  });
}

/** One warning for each SKU that comes back on sale: units that it sold earlier count toward its stock. */
function reuseWarnings(
  sale: Sale,
  before: Sale | null | undefined,
  reports: (LedgerReport | null)[],
): Issue[] {
  const isOpen = (each: Sale) => saleState(each, Date.now()) === "open";
  const staysOpen = before && isOpen(before) && isOpen(sale);
  return sale.skus.flatMap(({ id, stock }, index) => {
    const taken = committed(reports[index]);
    const isExpected = staysOpen && before.skus.some((sku) => sku.id === id);
    if (taken === 0 || isExpected) return [];
    const message = `includes ${taken} units that were held or sold earlier: ${stock - taken} of ${stock} are free`;
    return [{ path: `skus.${index}.stock`, message }];
  });
}
