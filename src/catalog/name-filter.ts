// The filter of all sale and SKU ids that ever existed. With it the edge refuses a made-up id without any I/O.
import { BuyerFilter, buyerHash } from "../inventory/buyers.ts";

/** The hash of a sale or SKU id. The kind is part of it, because a sale and a SKU may have the same id. */
export const nameHash = (kind: "sale" | "sku", id: string): number => buyerHash(`${kind} ${id}`);

/**
 * A `BuyerFilter` is sized for one false positive in fifty. Sized for four times as many names, and never for fewer
 * than `MIN_NAMES`, it has one in forty thousand.
 */
const NAMES_FACTOR = 4;
const MIN_NAMES = 4_096;

/** A filter of these name hashes. */
export function filterOfNames(hashes: ReadonlySet<number>): BuyerFilter {
  const filter = BuyerFilter.empty(Math.max(MIN_NAMES, NAMES_FACTOR * hashes.size));
  for (const hash of hashes) filter.add(hash);
  return filter;
}
