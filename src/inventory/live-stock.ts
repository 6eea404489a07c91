// The stock of a SKU as its object publishes it.
import type { BuyerSummary } from "./buyers.ts";

/** A SKU's stock as the edge knows it. Redis stores it as JSON. */
export interface PublicStock {
  available: number;
  /** Units that are reserved and not sold yet. */
  held: number;
  /** At the root of a SKU with lanes: whether no other lane has a free unit. Absent elsewhere. */
  isDry?: boolean;
  /** Only when sold out: the people who may have an order. */
  buyers?: BuyerSummary;
}
