// What may happen to a SKU's stock and terms. Pure decisions, like those about orders.
import { available, type Stock, type Terms } from "./decide-order.ts";

/** What the object was told to sell, and how many units it was given. */
export interface Setup {
  skuId: string;
  /** Orders the versions of the sale; an older one never overwrites a newer. */
  revision: number;
  /** Null once the SKU was taken off sale. */
  terms: Terms | null;
  /** How many of the stocked units come from sale documents; the others were restocked. */
  configuredStock: number;
  stocked: number;
}

export interface ConfigureCommand {
  skuId: string;
  revision: number;
  /** Null takes the SKU off sale; its stock and orders stay as they are. */
  offer: { terms: Terms; stock: number } | null;
}

/**
 * Applies the newest sale document. Stock is lowered at most to what is already held or sold: a unit
 * somebody has is never taken away, and raising the stock later does not make up for it. Returns
 * undefined when the object already knows as much or more.
 */
export function decideConfigure(
  setup: Setup | null,
  stock: Stock,
  { skuId, revision, offer }: ConfigureCommand,
): Setup | undefined {
  if (setup && revision <= setup.revision) {
    // Terms from before orders kept their words learn them from the same document.
    const learns = revision === setup.revision && offer && setup.terms && !setup.terms.item;
    return learns ? { ...setup, terms: offer.terms } : undefined;
  }
  const before = setup?.configuredStock ?? 0;
  const wanted = stock.stocked + (offer?.stock ?? before) - before;
  const stocked = Math.max(wanted, stock.held + stock.sold);
  return {
    skuId,
    revision,
    terms: offer?.terms ?? null,
    configuredStock: before + stocked - stock.stocked,
    stocked,
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
