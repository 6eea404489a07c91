// Refuses attempts for an unknown SKU, outside the sale's hours, and where a switch stops orders. No I/O while the catalog
// snapshot is current, except for SKUs it does not contain: an attempt never relies on one that is a minute old.
import { findSku } from "../catalog/archive.ts";
import { type Sale, saleState } from "../catalog/schema.ts";
import { CURRENT_MS, readCatalog } from "../catalog/snapshot.ts";
import { refuseStopped } from "../catalog/stops.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { Stage } from "./attempt.ts";
import { isMarkedRetry } from "./sold-out.ts";

/**
 * A SKU that has sold may have orders, even if it is no longer on sale, and only its object can look them up. Its
 * refusals are therefore pending.
 */
export const openSale: Stage = {
  name: "open-sale",
  async check(attempt) {
    const { c, skuId, now } = attempt;
    const catalog = await readCatalog(c.get("scope"), CURRENT_MS);
    if (!catalog.hasEverHad(skuId)) return refuse("not_found");
    // With very many sales, the snapshot omits some that are open. A registry failure must not hide an order.
    const found =
      catalog.sku(skuId) ?? (await findSku(c.get("scope"), skuId).catch(() => undefined));
    if (found) attempt.entry = found.entry;
    const stopped = found && refuseStopped(catalog, found.entry, found.sku, now);
    const refusal = found
      ? (notSelling(found.entry.sale, now) ?? stopped?.refusal)
      : refuse("not_found");
    if (!refusal) return undefined;
    if (!catalog.hasEverSold(skuId) && !isMarkedRetry(attempt)) return refusal;
    attempt.pending = refusal;
    attempt.isStopped = stopped?.isEverywhere ?? false;
    return undefined;
  },
};

function notSelling(sale: Sale, now: number): Refusal | undefined {
  const { opensAt, closesAt } = sale;
  switch (saleState(sale, now)) {
    case "upcoming": {
      const retryAfterSeconds = Math.ceil((Date.parse(opensAt) - now) / 1_000);
      return refuse("sale_not_open", { opensAt, retryAfterSeconds });
    }
    case "closed":
      return refuse("sale_closed", { closesAt });
    case "open":
      return undefined;
  }
}
