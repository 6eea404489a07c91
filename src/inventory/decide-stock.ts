// The decisions about a SKU's stock and terms. Pure, like those about orders. The sale's document states the
// total number of units on sale. A restock changes the document, and the object follows.
import { KEEP_MS } from "./allowance/decide.ts";
import type { Stock, Terms } from "./decide-order.ts";
import { accountsOf, afterChange, type Held, lentUnits } from "./lanes/escrow.ts";
import { type Layout, lanesEver } from "./order-id.ts";
import { type TracedSales, tracedAfter } from "./traces.ts";

/** Most units of one SKU, restocks included. */
export const MAX_UNITS = 1_000_000;

/** The SKU that the object sells, and its number of units. */
export interface Setup extends Held {
  skuId: string;
  /** Orders the versions of the sale. An older one never overwrites a newer one. */
  revision: number;
  /** Null after the SKU was taken off sale. */
  terms: Terms | null;
  /** The sale with a limit per person whose orders here are all counted, or about to be. Absent if there is none. */
  countedSale?: string;
  /** Absent in setups from before they stored it. */
  traced?: TracedSales;
}

/** The sale with a limit per person that the SKU is in. */
export const limitedSale = ({ terms }: Setup): string | undefined =>
  terms?.saleLimit === undefined ? undefined : terms.saleId;

/** The setup of a SKU whose orders are all counted. */
export const asCounted = (setup: Setup): Setup => {
  const countedSale = limitedSale(setup);
  return countedSale === undefined ? setup : { ...setup, countedSale };
};

/** Takes units off sale that came back with a refund and are not to be sold again. */
export const decideWithdraw = (setup: Setup, quantity: number): Setup => ({
  ...setup,
  stocked: setup.stocked - quantity,
  withdrawn: (setup.withdrawn ?? 0) + quantity,
});

export interface Offer {
  terms: Terms;
  /** Units of all lanes. */
  stock: number;
  /** The objects that share the SKU. Absent: one, always. */
  layout?: Layout;
  /** The `withdrawn` that the stock counts. Later refunds lower it further. Absent: all. */
  withdrawn?: number;
}

export interface ConfigureCommand {
  skuId: string;
  revision: number;
  /** Null takes the SKU off sale. Its stock and orders stay as they are. */
  offer: Offer | null;
  /** The lane of the object. Absent: the root. */
  lane?: number;
}

/**
 * Applies a sale document. Held and sold units are never taken away: the stock is raised to their number, and
 * the document is corrected afterwards. Returns undefined if the object has this revision or a newer one.
 */
export function decideConfigure(
  setup: Setup | null,
  { stocked, held, sold }: Stock,
  { skuId, revision, offer, lane = 0 }: ConfigureCommand,
  now: number,
): Setup | undefined {
  if (setup && revision <= setup.revision) {
    return revision === setup.revision && offer ? withLateNews(setup, offer) : undefined;
  }
  const withdrawn = setup?.withdrawn ?? 0;
  const missed = Math.max(0, withdrawn - (offer?.withdrawn ?? withdrawn));
  const terms = offer?.terms ?? null;
  const { account, share, layout } = lanesAfter(setup, lane, offer?.layout);
  // The other lanes get their units from the root alone.
  const wanted = offer && !share ? offer.stock - missed - lentUnits(account) : stocked;
  return {
    skuId,
    revision,
    terms,
    stocked: Math.max(wanted, held + sold),
    ...(account && { account }),
    ...(share && { share }),
    ...(layout && { layout }),
    ...(withdrawn > 0 ? { withdrawn } : {}),
    ...keepCounted(setup, offer),
    traced: tracedAfter(setup?.traced ?? {}, setup?.terms ?? null, terms, now),
  };
}

/** An object whose first word was that the SKU is off sale learns of the lanes with an offer. */
function lanesAfter(
  setup: Setup | null,
  lane: number,
  layout: Layout | undefined,
): Pick<Held, "account" | "share" | "layout"> {
  const knows = setup?.account ?? setup?.share ?? setup?.layout;
  if (!layout || (setup && knows)) return setup ? afterChange(setup, layout) : {};
  const accounts = accountsOf(lane, layout.lanes, lanesEver(layout));
  return layout.since > 0 ? { ...accounts, layout } : accounts;
}

/**
 * The setup with what may be new under a revision that it has: the item, because its seller may be the deployment's, and the lanes,
 * because an earlier release, after a rollback, does not store them. Undefined if nothing is.
 */
function withLateNews(setup: Setup, { terms: { item }, layout }: Offer): Setup | undefined {
  const { terms } = setup;
  const news = afterChange(setup, layout);
  const isOld = !item || JSON.stringify(item) === JSON.stringify(terms?.item);
  if (terms && !isOld) return { ...news, terms: { ...terms, item } };
  return news === setup ? undefined : news;
}

/**
 * Orders made while the sale had no limit are not counted, so they all count again once it has one. So do those of a sale that
 * is opened again so long after its close that what was counted may be forgotten.
 */
function keepCounted(setup: Setup | null, offer: Offer | null): Pick<Setup, "countedSale"> {
  const { countedSale, terms } = setup ?? {};
  if (!countedSale || !offer?.terms.saleLimit || offer.terms.saleId !== countedSale) return {};
  const isKept = terms ? offer.terms.closesAt < terms.closesAt + KEEP_MS : false;
  return isKept ? { countedSale } : {};
}

export interface RestockCommand {
  /** Units to add. A negative number takes free units back. */
  quantity: number;
  /** Free units. */
  available: number;
  /** The quantity for which this key was used before, if any. */
  used?: number | undefined;
}

export type RestockDecision =
  | { ok: true; replayed: boolean; stock: number }
  | { ok: false; reason: "idempotency_key_reused" | "below_committed" }
  | { ok: false; reason: "too_many"; stock: number };

/** Adds units to a document's stock, or takes free ones back. Applies each key once. */
export function decideRestock(
  stock: number,
  { quantity, available, used }: RestockCommand,
): RestockDecision {
  if (used !== undefined && used !== quantity) {
    return { ok: false, reason: "idempotency_key_reused" };
  }
  if (used !== undefined) return { ok: true, replayed: true, stock };
  if (quantity < -Math.min(available, stock)) return { ok: false, reason: "below_committed" };
  if (stock + quantity > MAX_UNITS) return { ok: false, reason: "too_many", stock };
  return { ok: true, replayed: false, stock: stock + quantity };
}
