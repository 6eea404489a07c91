// When a sale sells. On its own, so that pages in the browser can say it, too.

export type SaleState = "upcoming" | "open" | "closed";

/** The one place that says it: from `opensAt` (included) to `closesAt` (excluded), all in milliseconds. */
export function stateAt(now: number, opensAt: number, closesAt: number): SaleState {
  if (now < opensAt) return "upcoming";
  return now < closesAt ? "open" : "closed";
}
