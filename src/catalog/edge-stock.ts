// The stock of a SKU as an edge holds it, read from what the SKU's object published in Redis.
import * as z from "zod";
import { type BuyerSummary, isReadable, MAX_RECENT } from "../inventory/buyers.ts";
import type { PublicStock } from "../inventory/live-stock.ts";
import type { Sku } from "./schema.ts";

export interface EdgeStock {
  available: number;
  held: number;
  /** Users who may have an order, of one lane. Undefined if the edge does not have the list. */
  buyers: BuyerSummary | undefined;
  /** Whether the root of a SKU with lanes knows that the other lanes have no free unit. Undefined elsewhere. */
  isDry?: boolean | undefined;
}

const buyersSchema = z.object({
  format: z.int(),
  base: z.int().min(0),
  recent: z.array(z.int()).max(MAX_RECENT),
});

const stockSchema = z.object({
  available: z.int(),
  // Absent if an earlier release published the stock.
  held: z.int().default(0),
  isDry: z.boolean().optional(),
  // Another release may use another format. The stock is usable without the buyers.
  buyers: buyersSchema.optional().catch(undefined),
});

/** Undefined if the text is not a stock. */
export function parseStock(text: string | null | undefined): EdgeStock | undefined {
  try {
    return toEdgeStock(stockSchema.parse(JSON.parse(text ?? "")));
  } catch {
    return undefined;
  }
}

export const toEdgeStock = ({
  available,
  held,
  buyers,
  isDry,
}: PublicStock | z.output<typeof stockSchema>): EdgeStock => ({
  available,
  held,
  isDry,
  buyers: buyers && isReadable(buyers) ? buyers : undefined,
});

/**
 * The stock of a SKU whose objects published these, the root's first: each one's entry has the units of all, and its own buyers. Only
 * the root knows that no unit is left, because the others may be out of date. If it does not say, it was alone when it published.
 */
export function acrossLanes(lanes: EdgeStock[]): EdgeStock[] {
  const [root] = lanes;
  const sum = (read: (stock: EdgeStock) => number) =>
    lanes.reduce((total, stock) => total + read(stock), 0);
  const isDry = root?.isDry ?? lanes.length === 1;
  const left = root && isDry ? root.available : sum((stock) => stock.available);
  const available = isDry ? left : Math.max(1, left);
  const held = sum((stock) => stock.held);
  return lanes.map((stock) => ({ ...stock, available, held }));
}

/** Held units that may become free without a cancellation. Only unpaid holds expire; free orders get confirmed. */
export const releasableUnits = (
  { unitPrice }: Pick<Sku, "unitPrice">,
  { held }: Pick<EdgeStock, "held">,
): number => (unitPrice.amount > 0 ? held : 0);
