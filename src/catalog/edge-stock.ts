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
  /** What the object adds to the free units of a SKU with lanes, or takes from them. */
  part?: number | undefined;
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
  part: z.int().optional(),
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
  part,
  isDry,
}: PublicStock | z.output<typeof stockSchema>): EdgeStock => ({
  available,
  held,
  part,
  isDry,
  buyers: buyers && isReadable(buyers) ? buyers : undefined,
});

/**
 * The stock of a SKU whose objects published these, the root's first: each one's entry has the units of all, and its own buyers. Only
 * the root knows that no unit is left, because the others may be out of date. If it does not say, it was alone when it published.
 */
export function acrossLanes(lanes: [EdgeStock, ...EdgeStock[]]): EdgeStock[] {
  const [root] = lanes;
  const isDry = root.isDry ?? lanes.length === 1;
  const available = isDry ? root.available : Math.max(1, freeIn(lanes));
  const held = lanes.reduce((sum, stock) => sum + stock.held, 0);
  return lanes.map((stock) => ({ ...stock, available, held }));
}

/** The objects publish at different moments, and units move meanwhile, so what is free in each does not add up. */
function freeIn([root, ...others]: [EdgeStock, ...EdgeStock[]]): number {
  const rootPart = root.part ?? (root.isDry === undefined ? root.available : undefined);
  const parts = [rootPart, ...others.map(({ part }) => part)];
  // An earlier release published no parts.
  const counts = parts.includes(undefined) ? [root, ...others].map((one) => one.available) : parts;
  return (counts as number[]).reduce((sum, count) => sum + count, 0);
}

/** Held units that may become free without a cancellation. Only unpaid holds expire; free orders get confirmed. */
export const releasableUnits = (
  { unitPrice }: Pick<Sku, "unitPrice">,
  { held }: Pick<EdgeStock, "held">,
): number => (unitPrice.amount > 0 ? held : 0);
