// The stock of a sale as its line needs it.
import type { LineSku } from "../admission/client.ts";
import type { EdgeStock } from "../catalog/edge-stock.ts";

/** Units of all SKUs together. */
export interface StockReading {
  free: number;
  /** Units that are held or sold. */
  taken: number;
  /** Units that are not sold for good: free, or held and unpaid. */
  left: number;
  /** Whether nothing is free, but unpaid units are held that may come back. */
  mayReturn: boolean;
  /** Whether nothing is free, and nothing may come back on its own. */
  isSoldOut: boolean;
}

/** Sums up the stock. Null if that of a SKU is unknown. */
export function readingOf(
  skus: readonly LineSku[],
  stockById: ReadonlyMap<string, Pick<EdgeStock, "available" | "held">>,
): StockReading | null {
  let [free, taken, unpaid] = [0, 0, 0];
  for (const { id, stock, isFree } of skus) {
    const known = stockById.get(id);
    if (!known) return null;
    free += known.available;
    taken += Math.max(0, stock - known.available);
    // Free orders are confirmed at once, so their units never come back.
    unpaid += isFree ? 0 : known.held;
  }
  const isEmpty = free === 0;
  const left = free + unpaid;
  return { free, taken, left, mayReturn: isEmpty && left > 0, isSoldOut: left === 0 };
}
