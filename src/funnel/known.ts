// Stage 2: does the edge already know the answer? Unknown SKU, sale not open, sale closed. No I/O while the
// catalog snapshot is fresh.

import { type Sale, saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { Stage } from "./attempt.ts";
import { isRetry } from "./sold-out.ts";

/** Where a SKU may have sold, only its object knows who has an order, whatever became of the SKU since. */
export const known: Stage = {
  name: "known",
  async check(attempt) {
    const { c, skuId, now } = attempt;
    const catalog = await readCatalog(c);
    if (!catalog.hasEverHad(skuId)) return refuse("not_found");
    const found = catalog.sku(skuId);
    if (found) attempt.entry = found.entry;
    const refusal = found ? notSelling(found.entry.sale, now) : refuse("not_found");
    if (!refusal) return undefined;
    if (!catalog.hasEverSold(skuId) && !isRetry(attempt)) return refusal;
    attempt.pending = refusal;
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
