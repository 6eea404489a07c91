// The scheduled run of every minute: repairs copies that differ from their source, and logs each repair.
import { registrationOf } from "./admission/settings.ts";
import { type AlertWatchEnv, alertWatchOf } from "./alerts/client.ts";
import { isWatched } from "./alerts/figures.ts";
import { type CatalogConfig, configureObjects, publish } from "./catalog/propagation.ts";
import type { RegisteredSale } from "./catalog/registry-types.ts";
import {
  eraseRehearsal,
  hasEnded,
  isLeftover,
  type RemovalEnv,
} from "./catalog/rehearsal-removal.ts";
import { deleteSale } from "./catalog/sale-commands.ts";
import { allSales, registryOf } from "./catalog/store.ts";
import { reconcileRules } from "./funnel/rule-store.ts";
import { causeOf, log } from "./observability/log.ts";
import { add, count } from "./observability/metrics.ts";
import { reconcileReadModel } from "./orders/rebuild.ts";
import { restoreLost, restoreReadModel } from "./orders/restore.ts";

/** A sale is reconciled every minute from an hour before it opens until an hour after it closes. */
const AROUND_MS = 3_600_000;

/**
 * Copies the registry's sales to Redis, and to the objects of SKUs and lines. Those ignore a revision that they have, and set
 * an alarm that they lost. Copies a ledger's orders to Redis if a sample of them differs there. A failing step does not stop
 * the others. Removes rehearsals that are over. Wakes the watch of the alerts while a sale is on.
 */
export async function reconcile(
  env: RemovalEnv & AlertWatchEnv,
  config: CatalogConfig,
  scheduledAt: number,
): Promise<void> {
  await attempt("catalog", async () => {
    await registryOf(env).sweep();
    if (!(await publish(env, config))) return;
    count("drift", "catalog");
    log("reconcile.catalog_repaired");
  });
  await attempt("rules", () => reconcileRules(env, config));
  await attempt("read model", () => restoreReadModel(env, config));
  await attempt("lost keys", () => restoreLost(env, config));
  let isWatching = false;
  for await (const registered of allSales(env)) {
    if (hasEnded(registered, scheduledAt)) {
      await attempt(
        registered.id,
        async () => void (await deleteSale(env, config, registered.id, {})),
      );
      continue;
    }
    if (isLeftover(registered, scheduledAt)) {
      await attempt(registered.id, async () => {
        if (await eraseRehearsal(env, config, registered)) return;
        // An object that missed the deletion erases nothing before it learns of it. The next run goes on.
        await configureObjects(env, config, registered);
      });
      continue;
    }
    isWatching ||= registered.sale !== null && isWatched(registered.sale, scheduledAt);
    if (!isDue(registered, scheduledAt)) continue;
    await attempt(
      registered.id,
      async () => void (await configureObjects(env, config, registered)),
    );
    for (const { id } of registered.sale?.skus ?? []) {
      await attempt(id, async () => {
        const report = await reconcileReadModel(env, config, id);
        if (!report) return;
        add("drift", report.repaired, "read_model");
        log("reconcile.read_model_repaired", { skuId: id, count: report.repaired });
      });
    }
  }
  await attempt("alerts", () => alertWatchOf(env).wake(isWatching));
}

/** Limits the cost of waking objects: every minute around a sale or a change of it, otherwise every hour. */
function isDue({ sale, revision }: RegisteredSale, now: number): boolean {
  const near = (from: number, to = from) => now > from - AROUND_MS && now < to + AROUND_MS;
  const opensAt = sale && (registrationOf(sale)?.opensAt ?? Date.parse(sale.opensAt));
  const sellsNow = sale !== null && near(opensAt as number, Date.parse(sale.closesAt));
  return sellsNow || near(revision) || new Date(now).getUTCMinutes() === 0;
}

async function attempt(step: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log("reconcile.failed", { step, cause: causeOf(error) });
  }
}
