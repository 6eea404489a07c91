// Sales as the registry hands them to everybody else: to edges, to the operator, and to the objects of their
// SKUs. Apart from the registry itself, because a Durable Object can be loaded by workerd alone.
import { BuyerFilter, buyerHash } from "../inventory/buyers.ts";
import type { Sale } from "./schema.ts";

/** A sale as the registry and every copy have it. A deleted one stays as `null`. */
export interface RegisteredSale {
  id: string;
  /** Orders all changes of all sales: milliseconds of the change, but always rising. */
  revision: number;
  sale: Sale | null;
  /** SKUs that left this sale and joined no other: their objects must know that they are off sale. */
  former: string[];
  /**
   * Those of its SKUs whose object had never accepted an order when it learned this revision. Until the sale
   * opens, or is changed, they cannot have sold.
   */
  unsold: string[];
}

/** What an object said when it was told a revision of its sale. */
export interface Confirmation {
  skuId: string;
  stocked: number;
  everSold: boolean;
}

/** A page of sales that are not active, and whether there are more. */
export interface OlderPage {
  sales: RegisteredSale[];
  more: boolean;
}

/** What every edge knows, as one document; an edge holds the newest it has seen. */
export interface PublishedCatalog {
  /** Rises with every change. */
  version: number;
  /** The version with which anything about sales that are not among these changed last. */
  olderVersion: number;
  /** How many those are. */
  older: number;
  /** Open sales, those to come, and those that closed last. */
  sales: RegisteredSale[];
  /** A filter of the names of all sales and SKUs there ever were, see `nameHash`. */
  names: string;
}

/** A version of the published catalog; the catalog itself only for those who hold another one. */
export interface Published {
  version: number;
  catalog?: PublishedCatalog;
}

/** A sale, and how many units the objects of its SKUs last said they stock. */
export interface ShownSale {
  registered: RegisteredSale;
  stocked: Record<string, number>;
}

/** Sales and SKUs have names of their own in the filter. */
export const nameHash = (kind: "sale" | "sku", id: string): number => buyerHash(`${kind} ${id}`);

/** The strong entity tag of a sale; null when there is none. */
export const etagOfSale = (registered: RegisteredSale | null | undefined): string | null =>
  registered?.sale ? `"${registered.revision}"` : null;

/**
 * The filter is made for buyers, of whom one stranger in fifty may pass. Sized for four times as many names,
 * and never for few, it lets one name in forty thousand pass that never was.
 */
const NAMES_FACTOR = 4;
const MIN_NAMES = 4_096;

/** A filter of these name hashes. */
export function filterOfNames(hashes: ReadonlySet<number>): BuyerFilter {
  const filter = BuyerFilter.empty(Math.max(MIN_NAMES, NAMES_FACTOR * hashes.size));
  for (const hash of hashes) filter.add(hash);
  return filter;
}
