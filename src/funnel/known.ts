// Stage 2: does the edge already know the answer? Unknown SKU, sale not open, sale long closed. No I/O
// while the catalog snapshot is fresh.

import { saleState } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { refuse } from "../errors.ts";
import type { Stage } from "./attempt.ts";

/**
 * Just after the end a retry may still belong to an accepted order, and only the ledger can tell, so the
 * edge answers `sale_closed` by itself from this long after `closesAt`.
 */
const REPLAY_GRACE_MS = 600_000;

export const known: Stage = {
  name: "known",
  async check(attempt) {
    const { c, skuId, now } = attempt;
    const catalog = await readCatalog(c);
    const found = catalog.sku(skuId);
    if (!found) return refuse("not_found");
    attempt.entry = found.entry;
    const { sale } = found.entry;
    if (saleState(sale, now) === "upcoming") {
      const wait = Math.ceil((Date.parse(sale.opensAt) - now) / 1_000);
      return refuse("sale_not_open", { opensAt: sale.opensAt, retryAfterSeconds: wait });
    }
    if (now >= Date.parse(sale.closesAt) + REPLAY_GRACE_MS) {
      return refuse("sale_closed", { closesAt: sale.closesAt });
    }
    return undefined;
  },
};
