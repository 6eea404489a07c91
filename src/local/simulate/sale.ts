// The simulated sale: one SKU, of which everybody may have one unit.
import type { Terms } from "../../inventory/decide-order.ts";

export const SALE_ID = "simulated";
export const SKU_ID = "unit";
/** Milliseconds since 1970. The clock of the simulation counts from here. */
export const OPENS_AT = Date.parse("2026-12-01T10:00:00Z");
export const CLOSES_AT = OPENS_AT + 86_400_000;

export const terms = (isPaid: boolean): Terms => ({
  ...{ saleId: SALE_ID, skuId: SKU_ID, opensAt: OPENS_AT, closesAt: CLOSES_AT },
  unitPrice: { amount: isPaid ? 5_000 : 0, currency: "USD" },
  ...{ perUserLimit: 1, holdSeconds: 300 },
});
