// What a sale and its items say of themselves: the badge, the Buy button, what is left.
import type { SaleState, StockState } from "../../catalog/sale-state.ts";
import { BLOCKED, SALE_ENDED, waitWords } from "./refusal.ts";

/** What the badge shows: an open sale with nothing left is not open to anybody. */
export type Shown = SaleState | "held" | "sold_out" | "gone";

export const BADGES: Record<Shown, string> = {
  upcoming: "Opens soon",
  open: "Open now",
  held: "All reserved",
  sold_out: "Sold out",
  closed: "Ended",
  gone: "Removed",
};

/** Nothing can be bought, for now or for good. */
export const isTaken = (shown?: Shown): boolean => shown === "held" || shown === "sold_out";

/** What is left of an item, as the live answer says it; undefined while nobody knows. */
export interface Stock {
  available: number;
  state: StockState;
}

export const noneFree = (stock?: Stock): boolean => stock?.available === 0;

/** None is free, and some may come back. */
export const isHeld = (stock?: Stock): boolean => stock?.state === "held";

/** The badge of a sale with these items; undefined is an item of which nothing is known. */
export function shownOf(sale: SaleState, stocks: readonly (Stock | undefined)[]): Shown {
  if (sale !== "open" || !stocks.every(noneFree)) return sale;
  return stocks.some(isHeld) ? "held" : "sold_out";
}

/** Nothing while nothing is known, or when it does not matter any more. */
export function stockWords(stock: Stock | undefined, sale: SaleState): string {
  if (!stock || sale === "closed") return "";
  if (isHeld(stock)) return "All reserved; some may become available";
  if (noneFree(stock)) return "None left";
  return stock.state === "low" ? `Only ${stock.available} left` : `${stock.available} available`;
}

/** What an item's button depends on. */
export interface Offer {
  sale: SaleState;
  soldOut?: boolean;
  /** None is free for now: pressing is worth a try. */
  held?: boolean;
  busy?: boolean;
  blocked?: boolean;
  /** Seconds until the next press counts. */
  wait?: number;
  /** An earlier press is still to be found out about. */
  pending?: boolean;
  /** The buyer has one already. */
  another?: boolean;
}

/** What the button says and, where pressing it buys nothing, why. */
export function buyWords(offer: Offer): { label: string; why?: string } {
  if (offer.busy) return { label: "One moment…", why: "" };
  const closed = offer.pending ? undefined : closedWords(offer);
  if (closed) return closed;
  if (offer.wait)
    return {
      label: `Try again in ${waitWords(offer.wait)}`,
      why: "Please wait until you can try again.",
    };
  if (offer.pending) return { label: "Check my order" };
  if (offer.held) return { label: "Try to get one" };
  return { label: `Buy ${offer.another ? "another" : "now"}` };
}

function closedWords({ blocked, sale, soldOut }: Offer) {
  if (blocked) return { label: "Ordering unavailable", why: BLOCKED };
  if (sale === "upcoming") {
    const why = "Not open yet. Buying starts here automatically, so there's no need to reload.";
    return { label: "Not open yet", why };
  }
  if (sale === "closed") return { label: "Sale ended", why: SALE_ENDED };
  if (soldOut) return { label: "Sold out", why: "Sold out." };
  return undefined;
}

/** What stands before the time that matters next. */
export const whenWords = (state: SaleState): string =>
  state === "upcoming" ? "Opens" : state === "open" ? "Ends" : "Ended";
