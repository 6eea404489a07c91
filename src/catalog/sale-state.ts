// When a sale sells, and what a SKU's stock is called. On its own, so that pages in the browser can say it, too.

export type SaleState = "upcoming" | "open" | "closed";

/** `held`: no unit is free, but some may come back, because their buyers have not paid yet. */
export type StockState = "available" | "low" | "held" | "sold_out";

/** The one place that says it: from `opensAt` (included) to `closesAt` (excluded), all in milliseconds. */
export function stateAt(now: number, opensAt: number, closesAt: number): SaleState {
  if (now < opensAt) return "upcoming";
  return now < closesAt ? "open" : "closed";
}
