// What may happen to a SKU's stock and terms. Pure decisions, like those about orders. The sale's document
// says how many units are put on sale in total; a restock changes the document, and the object follows it.
import type { Stock, Terms } from "./decide-order.ts";

/** Units of one SKU at most, restocks included. */
export const MAX_UNITS = 1_000_000;

/** What the object was told to sell, and how many units it was given. */
export interface Setup {
  skuId: string;
  /** Orders the versions of the sale; an older one never overwrites a newer. */
  revision: number;
  /** Null once the SKU was taken off sale. */
  terms: Terms | null;
  /** Units put on sale in total: those that are free, held and sold. */
  stocked: number;
}

export interface ConfigureCommand {
  skuId: string;
  revision: number;
  /** Null takes the SKU off sale; its stock and orders stay as they are. */
  offer: { terms: Terms; stock: number } | null;
}

/**
 * Applies the newest sale document. A unit somebody holds or bought is never taken away: of a stock below
 * that the rest is ignored, and the document is corrected afterwards. Returns undefined when the object
 * already knows as much or more.
 */
export function decideConfigure(
  setup: Setup | null,
  { stocked, held, sold }: Stock,
  { skuId, revision, offer }: ConfigureCommand,
): Setup | undefined {
  if (setup && revision <= setup.revision) {
    // Terms from before orders kept their words learn them from the same document.
    const learns = revision === setup.revision && offer && setup.terms && !setup.terms.item;
    return learns ? { ...setup, terms: offer.terms } : undefined;
  }
  return {
    skuId,
    revision,
    terms: offer?.terms ?? null,
    stocked: Math.max(offer?.stock ?? stocked, held + sold),
  };
}

export interface RestockCommand {
  /** Units to add; negative: to take back. */
  quantity: number;
  /** Units that are free. */
  available: number;
  /** The quantity for which the same key was used before, if it was. */
  used?: number | undefined;
}

export type RestockDecision =
  | { ok: true; replayed: boolean; stock: number }
  | { ok: false; reason: "idempotency_key_reused" | "below_committed" }
  | { ok: false; reason: "too_many"; stock: number };

/** Adds units to a document's stock, or takes free ones back: once for each key. */
export function decideRestock(
  stock: number,
  { quantity, available, used }: RestockCommand,
): RestockDecision {
  if (used !== undefined && used !== quantity) {
    return { ok: false, reason: "idempotency_key_reused" };
  }
  if (used !== undefined) return { ok: true, replayed: true, stock };
  if (quantity < -Math.min(available, stock)) return { ok: false, reason: "below_committed" };
  if (stock + quantity > MAX_UNITS) return { ok: false, reason: "too_many", stock };
  return { ok: true, replayed: false, stock: stock + quantity };
}
