// What the clock does every minute: make every copy agree with its source again, and say what did not.
import { type CatalogEnv, configureObjects } from "../catalog/change.ts";
import type { Sale } from "../catalog/schema.ts";
import { registryOf, storeSales } from "../catalog/store.ts";
import { causeOf, log } from "../observability/log.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { reconcileReadModel } from "./rebuild.ts";

/** A sale is watched closely from an hour before it opens to an hour after it closes. */
const AROUND_MS = 3_600_000;

/**
 * The registry's sales go to Redis and to the SKU objects (which ignore what they know), and each
 * ledger's orders to Redis when a sample of them is missing there. One fault never hides the others.
 */
export async function reconcile(
  env: CatalogEnv,
  config: RedisConfig,
  scheduledAt: number,
): Promise<void> {
  const sales = await registryOf(env).all();
  await attempt("catalog", async () => {
    const repaired = await withRedis(config, BACKGROUND_LIMIT_MS, (redis) =>
      storeSales(redis, sales),
    );
    if (repaired > 0) log("reconcile.catalog_repaired", { count: repaired });
  });
  for (const registered of sales) {
    if (!registered.sale || !isDue(registered.sale, scheduledAt)) continue;
    await attempt(registered.id, () => configureObjects(env, registered, null));
    for (const { id } of registered.sale.skus) {
      await attempt(id, async () => {
        const report = await reconcileReadModel(env, config, id);
        if (report) log("reconcile.read_model_repaired", { skuId: id, count: report.repaired });
      });
    }
  }
}

/** Waking an object costs: every minute around its sale, at the full hour otherwise. */
function isDue({ opensAt, closesAt }: Sale, now: number): boolean {
  const near = now > Date.parse(opensAt) - AROUND_MS && now < Date.parse(closesAt) + AROUND_MS;
  return near || new Date(now).getUTCMinutes() === 0;
}

async function attempt(step: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log("reconcile.failed", { step, cause: causeOf(error) });
  }
}
