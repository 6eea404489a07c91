// The reach of a change of switches: the sales, and how many people are in the middle of a purchase.

import type { Catalog } from "../catalog/catalog.ts";
import type { SwitchEdit } from "../catalog/decide-switches.ts";
import { readStock } from "../catalog/live-reading.ts";
import { type CatalogEntry, lanedSku, saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import type { AppContext } from "../http/request.ts";
import { paymentLine } from "../orders/payment-wait.ts";

/** Most sales that are listed, open ones first. */
const MAX_SALES = 20;

/** The affected sales with the units that are held in them, and the payments that wait to be sent. */
export async function affectedBy(c: AppContext, edits: readonly SwitchEdit[]) {
  const catalog = await readCatalog(c.get("scope"));
  const entries = edits.length === 0 ? [] : affectedEntries(catalog, edits);
  const shown = entries.slice(0, MAX_SALES);
  const skus = shown.flatMap((entry) => entry.sale.skus.map((sku) => lanedSku(entry, sku)));
  const [stock, line] = await Promise.all([
    skus.length > 0 ? readStock(c.get("scope"), skus) : new Map(),
    paymentLine(c.get("scope")),
  ]);
  const now = Date.now();
  return {
    sales: shown.map(({ sale }) => ({
      id: sale.id,
      title: sale.title,
      state: saleState(sale, now),
      heldUnits: sale.skus.reduce((sum, { id }) => sum + (stock.get(id)?.held ?? 0), 0),
    })),
    moreSales: entries.length - shown.length,
    paymentsInLine: line?.length ?? null,
  };
}

/** The published sales that have not closed, and those that an edit names. */
function affectedEntries(catalog: Catalog, edits: readonly SwitchEdit[]): CatalogEntry[] {
  const now = Date.now();
  const isAll = edits.some(({ sale, sku }) => sale === undefined && sku === undefined);
  const isNamed = ({ sale }: CatalogEntry) =>
    edits.some((edit) => edit.sale === sale.id || sale.skus.some(({ id }) => id === edit.sku));
  const state = ({ sale }: CatalogEntry) => saleState(sale, now);
  return catalog.entries
    .filter((entry) => isNamed(entry) || (isAll && state(entry) !== "closed"))
    .toSorted((a, b) => Number(state(b) === "open") - Number(state(a) === "open"));
}
