// The stock of a SKU as its object publishes it.
import type { BuyerSummary } from "./buyers.ts";
import { available, type Stock } from "./decide-order.ts";
import type { Setup } from "./decide-stock.ts";
import { isPooling } from "./lanes/escrow.ts";

/** A SKU's stock as the edge knows it. Redis stores it as JSON. */
export interface PublicStock {
  available: number;
  /** Units that are reserved and not sold yet. */
  held: number;
  /** Of a SKU with lanes: see `partOfFree`. */
  part?: number;
  /** At the root of a SKU with lanes: whether no other lane has a free unit. Absent elsewhere. */
  isDry?: boolean;
  /** Only when sold out: the people who may have an order. */
  buyers?: BuyerSummary;
}

/**
 * Whether no unit is free at an object, and none comes back on its own. Free orders are confirmed at once, so their units never
 * do. Of a SKU with lanes, the root knows whether any unit is free (`isDry`). It does not know their holds: near the sell-out,
 * each other lane says when its last one was paid.
 */
export function isSoldForGood({ terms, share }: Setup, stock: Stock, isDry = true): boolean {
  const isFree = terms?.unitPrice.amount === 0;
  const mayEnd = share ? isPooling(share) && !isFree : isDry;
  return mayEnd && available(stock) === 0 && (stock.held === 0 || isFree);
}
