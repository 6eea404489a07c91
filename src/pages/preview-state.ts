// The states of a sale that a preview shows, whatever its real one is. Pure.
import { lineSettings, registrationOf } from "../admission/settings.ts";
import type { Stop } from "../catalog/sale-state.ts";
import type { Sale, Sku } from "../catalog/schema.ts";
import type { NotForSale, Stock } from "./copy/sale.ts";

export const PREVIEW_STATES = [
  ...(["soon", "line", "open", "few", "held", "sold_out", "paused", "ended"] as const),
];
export type PreviewState = (typeof PREVIEW_STATES)[number];

/** Units that are left of each item in the state `few`, if it has so many. */
export const FEW_UNITS = 3;

/** What a preview says about itself. A draft in the console has no link, and so neither of these. */
export interface PreviewInfo {
  /** When the link expires: ISO 8601. */
  until?: string;
  states?: readonly { state: PreviewState; href: string; isShown: boolean }[];
}

/** What the page of a sale depends on, besides the sale. */
export interface Staged extends NotForSale {
  /** Milliseconds. The page shows the real times of the sale, so the clock moves in their place. */
  now: number;
}

/** The states that a sale can have. Only one with a line has people who register. */
export const statesOf = (sale: Sale): PreviewState[] =>
  PREVIEW_STATES.filter((state) => state !== "line" || lineSettings(sale));

const SOLD_OUT: Stock = { available: 0, held: 0, state: "sold_out" };

/** The stock of an item in a state. Undefined: all units. */
function stockIn(state: PreviewState, { stock }: Pick<Sku, "stock">): Stock | undefined {
  const few = Math.min(FEW_UNITS, stock);
  if (state === "sold_out" || (state === "few" && few === 0)) return SOLD_OUT;
  if (state === "held") return { available: 0, held: 1, state: "held" };
  return state === "few" ? { available: few, state: "low" } : undefined;
}

const PAUSED: Stop = {
  ...{ code: "sale_paused", cause: "sale" },
  ...{ label: "Paused", why: "This sale is paused." },
};

/** A sale in a state. */
export function stage(sale: Sale, state: PreviewState): Staged {
  const ofEach = <T>(choose: (sku: Sku) => T | undefined) =>
    new Map(
      sale.skus.flatMap((sku) => {
        const value = choose(sku);
        return value === undefined ? [] : [[sku.id, value] as const];
      }),
    );
  return {
    now: timeOf(sale, state),
    unavailable: ofEach((sku) => stockIn(state, sku)),
    stops: ofEach(() => (state === "paused" ? PAUSED : undefined)),
  };
}

/** A sale as it would be at `now` with all its stock. */
export const stageNow = (now: number): Staged => ({
  ...{ now, unavailable: new Map(), stops: new Map() },
});

function timeOf(sale: Sale, state: PreviewState): number {
  const opensAt = Date.parse(sale.opensAt);
  const registration = registrationOf(sale)?.opensAt ?? opensAt;
  if (state === "soon") return Math.min(registration, opensAt) - 1;
  if (state === "line") return registration;
  return state === "ended" ? Date.parse(sale.closesAt) : opensAt;
}
