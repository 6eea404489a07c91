// Reads a user's orders from ledgers, which costs object calls. Each caller has a budget of them.
import type { LimitPolicy } from "../catalog/protection.ts";
import { saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { budgetOf } from "../funnel/budget.ts";
import type { AppContext } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import { ROOT } from "../inventory/order-id.ts";
import type { Answers } from "./page.ts";

/** Lists cost ledger calls. This limits them per caller and isolate. */
const LEDGER_CALLS: LimitPolicy = { algorithm: "fixed-window", limit: 300, windowSeconds: 60 };
/** Limits searches for orders that Redis may lack. */
const PROBES: LimitPolicy = { algorithm: "fixed-window", limit: 6, windowSeconds: 60 };
const MAX_LEDGERS_PROBED = 20;
/** How long after a sale its ledgers are still probed. */
const RECENT_MS = 3_600_000;

/** Reads a user's orders from the ledgers of these SKUs. Leaves out those that fail or exceed the caller's budget. */
export async function readLedgers(
  c: AppContext,
  userId: string,
  skuIds: string[],
  caller: string,
): Promise<Answers> {
  const budget = budgetOf(`ledgers:${caller}`, LEDGER_CALLS, Date.now());
  const chosen = [...new Set(skuIds)].slice(0, Math.max(0, budget.left));
  budget.left -= chosen.length;
  const entries = chosen.map(async (skuId) => {
    const address = { skuId, lane: ROOT };
    const answer = await callInventory(c.env, address, (object) => object.ordersOf(userId));
    return [skuId, answer.ok ? answer.value : undefined] as const;
  });
  return new Map(await Promise.all(entries));
}

/** SKUs that sell now or sold recently, and so may have orders that Redis cannot name. */
export async function ledgersToProbe(c: AppContext, caller: string): Promise<string[]> {
  const probes = budgetOf(`tries:${caller}`, PROBES, Date.now());
  if (probes.left <= 0) return [];
  probes.left -= 1;
  const catalog = await readCatalog(c.get("scope"));
  const now = Date.now();
  return catalog.entries
    .filter(({ sale }) => saleState(sale, now) !== "upcoming")
    .filter(({ sale }) => now < Date.parse(sale.closesAt) + RECENT_MS)
    .sort((a, b) => b.sale.opensAt.localeCompare(a.sale.opensAt))
    .flatMap(({ sale }) => sale.skus.map(({ id }) => id))
    .filter((skuId) => catalog.hasEverSold(skuId))
    .slice(0, MAX_LEDGERS_PROBED);
}
