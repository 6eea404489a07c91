// The states of a sale and of a SKU's stock. Free of imports, because code in the browser uses it too.

export type SaleState = "upcoming" | "open" | "closed";

/** `held`: no unit is free, but some may become free, because their buyers have not paid yet. */
export type StockState = "available" | "low" | "held" | "sold_out";

/** Why nothing of a SKU can be ordered now, although its sale is open. */
export interface Stop {
  /** How the API refuses an order. */
  code: "sale_closed" | "sale_paused" | "unavailable";
  /** The switch: the item was closed, the sale is paused, or no orders or no payments are taken. */
  cause: "closed" | "sale" | "orders" | "payments";
  /** The operator's own words for buyers. */
  notice?: string;
  /** What the Buy button says, in English. */
  label: string;
  /** A sentence or two for buyers, in English. */
  why: string;
}

/** A sale is open from `opensAt` (inclusive) to `closesAt` (exclusive). Times are milliseconds. */
export function stateAt(now: number, opensAt: number, closesAt: number): SaleState {
  if (now < opensAt) return "upcoming";
  return now < closesAt ? "open" : "closed";
}
