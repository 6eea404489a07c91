// The end of a line, which an edge knows from the stock that it reads together with the line: one or two seconds before the
// controller publishes it.
import { ended, type PublicLine } from "../admission/public-line.ts";
import { type EdgeStock, releasableUnits } from "./edge-stock.ts";
import type { Sku } from "./schema.ts";

/**
 * The line as the stock shows it at `now` (milliseconds): over once all SKUs are sold for good. It is not over before the opening, or
 * while the stock of a SKU is unknown. A line that its controller ended stays over, until it says otherwise.
 */
export function lineByStock(
  line: PublicLine,
  skus: readonly Pick<Sku, "id" | "unitPrice">[],
  stockById: ReadonlyMap<string, EdgeStock>,
  now: number,
): PublicLine {
  if (line.over || now < Date.parse(line.opensAt)) return line;
  const isSoldForGood = skus.every((sku) => {
    const stock = stockById.get(sku.id);
    return stock && stock.available + releasableUnits(sku, stock) === 0;
  });
  return isSoldForGood ? ended(line) : line;
}
