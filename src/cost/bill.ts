// From what was used to dollars. Pure.
import { PARTS, type Part, PRICES } from "./prices.ts";

/** How much of each part was used, in the units of `PRICES`. */
export type Usage = Record<Part, number>;

/** US dollars by part. */
export interface Bill {
  items: { name: Part; count: number; dollars: number }[];
  dollars: number;
}

/**
 * The bill for what was used, without the monthly fees of the plans and without payments.
 *
 * @param plan `list`: as if nothing were included. `paid`: beyond what Workers Paid includes in a month with nothing else
 */
export function billOf(usage: Partial<Usage>, plan: "list" | "paid" = "list"): Bill {
  const items = PARTS.flatMap((name) => {
    const count = usage[name];
    if (count === undefined) return [];
    const billed = plan === "paid" ? Math.max(0, count - PRICES[name].included) : count;
    return { name, count, dollars: billed * PRICES[name].dollars };
  });
  return { items, dollars: items.reduce((sum, item) => sum + item.dollars, 0) };
}

/** The parts for which the free plans do not suffice, if the sale fits into one day. */
export const beyondFree = (usage: Usage): Part[] =>
  PARTS.filter((part) => usage[part] > PRICES[part].free);

/** US dollars in words. */
export const inDollars = (dollars: number): string =>
  dollars > 0 && dollars < 0.01
    ? "less than $0.01"
    : `$${dollars.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
