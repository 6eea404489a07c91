// What may happen to a SKU's stock and terms. Pure decisions, like those about orders.
import type { Sale } from "../catalog/schema.ts";
import { available, type Stock, type Terms } from "./decide-order.ts";

/** What the object knows about its place in the catalog. `sale` is null once it was taken off sale. */
export interface Setup {
  skuId: string;
  /** Orders the versions of a sale; an older one never overwrites a newer. */
  revision: number;
  sale: Sale | null;
  /** The `stock` of the sale document last applied: a change of it restocks by the difference. */
  configuredStock: number;
  stocked: number;
}

export interface ConfigureCommand {
  skuId: string;
  revision: number;
  /** The whole sale, so that the catalog can be rebuilt from its objects; null: off sale. */
  sale: Sale | null;
}

/**
 * Applies a sale document. Stock is lowered at most to what is already held or sold: a unit somebody
 * has is never taken away. Returns undefined when the object already knows as much or more.
 */
export function decideConfigure(
  setup: Setup | null,
  stock: Stock,
  { skuId, revision, sale }: ConfigureCommand,
): Setup | undefined {
  if (setup && revision <= setup.revision) return undefined;
  const configuredStock =
    sale?.skus.find(({ id }) => id === skuId)?.stock ?? setup?.configuredStock ?? 0;
  const wanted = stock.stocked + configuredStock - (setup?.configuredStock ?? 0);
  return {
    skuId,
    revision,
    sale,
    configuredStock,
    stocked: Math.max(wanted, stock.held + stock.sold),
  };
}

export type RestockDecision =
  | { ok: true; stocked: number }
  | { ok: false; reason: "below_committed"; available: number };

/** Adds units, or with a negative quantity takes back units that nobody holds. */
export function decideRestock(stock: Stock, quantity: number): RestockDecision {
  return available(stock) + quantity >= 0
    ? { ok: true, stocked: stock.stocked + quantity }
    : { ok: false, reason: "below_committed", available: available(stock) };
}

/** The terms a setup sells on; null when the SKU is not on sale. */
export function toTerms(setup: Setup | null): Terms | null {
  const sku = setup?.sale?.skus.find(({ id }) => id === setup.skuId);
  if (!setup?.sale || !sku) return null;
  return {
    saleId: setup.sale.id,
    skuId: sku.id,
    opensAt: Date.parse(setup.sale.opensAt),
    closesAt: Date.parse(setup.sale.closesAt),
    unitPrice: sku.unitPrice,
    perUserLimit: sku.perUserLimit,
    holdSeconds: sku.holdSeconds,
  };
}
