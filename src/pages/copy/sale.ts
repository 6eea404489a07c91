// The copy for a sale and its items: the badge, the Buy button, the stock. Shared by server and browser.
import type { SaleState, StockState, Stop } from "../../catalog/sale-state.ts";
import { formatWait } from "./refusal.ts";
import type { Halt } from "./stop.ts";
import type { Wording } from "./wording.ts";

/** The state that the badge shows: that of the sale, or that an open sale has no free unit or is paused, or that it was deleted. */
export type Badge = SaleState | "held" | "sold_out" | "paused" | "removed";

/** The limit of all items of a sale together. */
export const saleLimitText = (limit: number, { words: { page }, fill }: Wording): string =>
  fill(page.saleLimit, { n: limit });

/** Whether an open sale shows that no unit is free, for now or for good. */
export const isUnavailable = (shown?: Badge): boolean => shown === "held" || shown === "sold_out";

/** The stock of an item, as in the live answer. */
export interface Stock {
  available: number;
  /** Units of orders that are reserved and not confirmed. */
  held?: number;
  state: StockState;
}

/** The SKUs that cannot be bought now, by id: those without a free unit, and those that take no orders. */
export interface NotForSale {
  unavailable: ReadonlyMap<string, Stock>;
  stops: ReadonlyMap<string, Stop>;
}

/** Whether no unit is free: all are sold or reserved. False if the stock is unknown. */
export const noneAvailable = (stock?: Stock): boolean => stock?.available === 0;

/** Whether no unit is free but unpaid reservations may release some. */
export const isHeld = (stock?: Stock): boolean => stock?.state === "held";

/** Why nothing of a sale can be ordered: a pause before the closing of single items. Undefined if some item takes orders. */
export const mainStop = (stops: readonly (Stop | undefined)[]): Stop | undefined =>
  stops.every(Boolean) ? (stops.find((stop) => !isClosing(stop)) ?? stops[0]) : undefined;

const isClosing = (stop?: Stop): boolean => stop?.code === "sale_closed";

/** The badge of a sale with these items; undefined stands for unknown stock. `stop`: why none takes orders. */
export function badgeOf(
  sale: SaleState,
  stocks: readonly (Stock | undefined)[],
  stop?: Stop,
): Badge {
  if (sale === "open" && stop) return isClosing(stop) ? "closed" : "paused";
  if (sale !== "open" || !stocks.every(noneAvailable)) return sale;
  return stocks.some(isHeld) ? "held" : "sold_out";
}

/** The stock line of an item; empty if the stock is unknown or the sale has closed. */
export function stockText(
  stock: Stock | undefined,
  sale: SaleState,
  { words: { buy }, fill }: Wording,
): string {
  if (!stock || sale === "closed") return "";
  if (isHeld(stock)) return buy.held;
  if (noneAvailable(stock)) return buy.none;
  return fill(stock.state === "low" ? buy.few : buy.left, { n: stock.available });
}

/** Everything that an item's Buy button depends on. */
export interface Offer {
  sale: SaleState;
  stock?: Stock | undefined;
  busy?: boolean;
  blocked?: boolean;
  /** Seconds until the button may be used again. */
  wait?: number;
  /** The outcome of an earlier press is still unknown. */
  pending?: boolean;
  /** The button while the item takes no orders, or it is not the buyer's turn, where the sale has a line. */
  notYet?: Halt | undefined;
  /** The buyer already has one. */
  another?: boolean;
}

/** The button's label, and why it is disabled; `why` is undefined if a press can buy. */
export function buyButton(offer: Offer, wording: Wording): { label: string; why?: string } {
  const { buy } = wording.words;
  if (offer.busy) return { label: buy.moment, why: "" };
  const closed = offer.pending ? undefined : closedButton(offer, wording);
  if (closed) return closed;
  if (offer.wait) {
    const wait = formatWait(wording, offer.wait);
    return { label: wording.fill(buy.wait, { wait }), why: buy.waitWhy };
  }
  if (offer.pending) return { label: buy.check };
  if (offer.notYet) return offer.notYet;
  if (isHeld(offer.stock)) return { label: buy.tryOne };
  return { label: offer.another ? buy.another : buy.now };
}

function closedButton({ blocked, sale, stock }: Offer, { words: { buy, refusal } }: Wording) {
  if (blocked) return { label: buy.blocked, why: refusal.blocked };
  if (sale === "upcoming") return { label: buy.early, why: buy.earlyWhy };
  if (sale === "closed") return { label: buy.ended, why: refusal.ended };
  if (noneAvailable(stock) && !isHeld(stock)) return { label: buy.soldOut, why: buy.soldOutWhy };
  return undefined;
}
