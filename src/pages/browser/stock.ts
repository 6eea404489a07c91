// What is left of an item, and how a card says it. Pure.
export type SaleState = "upcoming" | "open" | "closed";

/** What is left, as the live answer says it. */
export interface Stock {
  available: number;
  state?: string;
}

const FEW = 5;

export const isSoldOut = (stock?: Stock): boolean =>
  stock !== undefined && (stock.available === 0 || stock.state === "sold_out");

export const isLow = (stock?: Stock): boolean =>
  stock !== undefined && (stock.state === "low" || stock.available <= FEW);

/** Nothing while nothing is known, or when it does not matter any more. */
export function stockWords(stock: Stock | undefined, sale: SaleState): string | undefined {
  if (!stock || sale === "closed") return undefined;
  if (isSoldOut(stock)) return "Sold out. Units that are not paid in time come back.";
  return isLow(stock) ? `Only ${stock.available} left` : `${stock.available} available`;
}
