// The copy for a sale and its items: the badge, the Buy button, the stock. Shared by server and browser.
import type { SaleState, StockState, Stop } from "../../catalog/sale-state.ts";
import { BLOCKED, formatWait, SALE_ENDED } from "./refusal.ts";

/** The state that the badge shows: that of the sale, or that an open sale has no free unit or is paused, or that it was deleted. */
export type Badge = SaleState | "held" | "sold_out" | "paused" | "removed";

export const BADGES: Record<Badge, string> = {
  upcoming: "Opens soon",
  open: "Open now",
  held: "All reserved",
  sold_out: "Sold out",
  paused: "Paused",
  closed: "Ended",
  removed: "Removed",
};

/** The limit of all items of a sale together. */
export const saleLimitText = (limit: number): string =>
  limit === 1 ? "One per person" : `${limit} per person, all items together`;

/** Whether an open sale shows that no unit is free, for now or for good. */
export const isUnavailable = (shown?: Badge): boolean => shown === "held" || shown === "sold_out";

/** The stock of an item, as in the live answer. */
export interface Stock {
  available: number;
  /** Units of orders that are reserved and not confirmed. */
  held?: number;
  state: StockState;
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
export function stockText(stock: Stock | undefined, sale: SaleState): string {
  if (!stock || sale === "closed") return "";
  if (isHeld(stock)) return "All reserved; some may become available";
  if (noneAvailable(stock)) return "None left";
  return stock.state === "low" ? `Only ${stock.available} left` : `${stock.available} available`;
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
  notYet?: { label: string; why: string } | undefined;
  /** The buyer already has one. */
  another?: boolean;
}

/** The button's label, and why it is disabled; `why` is undefined if a press can buy. */
export function buyButton(offer: Offer): { label: string; why?: string } {
  if (offer.busy) return { label: "One moment…", why: "" };
  const closed = offer.pending ? undefined : closedButton(offer);
  if (closed) return closed;
  if (offer.wait)
    return {
      label: `Try again in ${formatWait(offer.wait)}`,
      why: "Please wait until you can try again.",
    };
  if (offer.pending) return { label: "Check my order" };
  if (offer.notYet) return offer.notYet;
  if (isHeld(offer.stock)) return { label: "Try to get one" };
  return { label: `Buy ${offer.another ? "another" : "now"}` };
}

function closedButton({ blocked, sale, stock }: Offer) {
  if (blocked) return { label: "Ordering unavailable", why: BLOCKED };
  if (sale === "upcoming") {
    const why = "Not open yet. Buying starts here automatically, so there's no need to reload.";
    return { label: "Not open yet", why };
  }
  if (sale === "closed") return { label: "Sale ended", why: SALE_ENDED };
  if (noneAvailable(stock) && !isHeld(stock)) return { label: "Sold out", why: "Sold out." };
  return undefined;
}

/** The label of the sale's next time: its opening, or else its end. */
export const timeLabel = (state: SaleState): string =>
  state === "upcoming" ? "Opens" : state === "open" ? "Ends" : "Ended";
