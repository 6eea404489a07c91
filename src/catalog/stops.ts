// Why a SKU takes no orders although its sale is open: the funnel's refusal, and the same words for the live answer and the
// pages.
import { type Refusal, refuse } from "../http/errors.ts";
import type { Catalog } from "./catalog.ts";
import type { Stop } from "./sale-state.ts";
import type { CatalogEntry, Sku } from "./schema.ts";
import type { EffectiveSwitches, Switch } from "./switches.ts";

/** An operator's notice ends as they wrote it. The page resumes by itself, so nobody needs to reload it. */
const RESUMES = "Buying starts here again by itself.";

const noticeOf = ({ notice }: Switch) => (notice === undefined ? {} : { notice });

const paused = (
  { code, cause }: Pick<Stop, "code" | "cause">,
  by: Switch,
  otherwise: string,
): [Stop, Switch] => {
  const told = by.notice === undefined ? otherwise : `Paused: ${by.notice}`;
  return [{ code, cause, ...noticeOf(by), label: "Paused", why: `${told} ${RESUMES}` }, by];
};

/** The stop of a SKU, and the switch that causes it. The most lasting one comes first. */
function stopOf(
  { closed, paused: sale, readOnly, paymentsPaused }: EffectiveSwitches,
  { unitPrice }: Pick<Sku, "unitPrice">,
): [Stop, Switch] | undefined {
  if (closed) {
    const why = closed.notice ?? "This item is no longer on sale.";
    const words = { ...noticeOf(closed), label: "Not on sale", why };
    return [{ code: "sale_closed", cause: "closed", ...words }, closed];
  }
  if (sale) return paused({ code: "sale_paused", cause: "sale" }, sale, "This sale is paused.");
  if (readOnly) {
    const code = { code: "unavailable", cause: "orders" } as const;
    return paused(code, readOnly, "No orders can be placed right now.");
  }
  // Nobody should hold a unit that they cannot pay for.
  if (paymentsPaused && unitPrice.amount > 0) {
    const code = { code: "unavailable", cause: "payments" } as const;
    return paused(code, paymentsPaused, "Payments are paused right now.");
  }
  return undefined;
}

/** The stops of a sale's SKUs, by their id. */
export function stopsOf(
  catalog: Catalog,
  { sale }: Pick<CatalogEntry, "sale">,
  now: number,
): ReadonlyMap<string, Stop> {
  if (catalog.switches.length === 0) return NO_STOPS;
  const stops = sale.skus.flatMap((sku) => {
    const stop = stopOf(catalog.switchesFor({ sale: sale.id, sku: sku.id }, now), sku)?.[0];
    return stop ? [[sku.id, stop] as const] : [];
  });
  return new Map(stops);
}

const NO_STOPS: ReadonlyMap<string, Stop> = new Map();

/** When to try again while nobody has said how long a stop lasts. */
const UNKNOWN_SECONDS = 10;
const MAX_RETRY_SECONDS = 60;
/** Longer than a change of the catalog takes to reach every edge. */
const REACHED_MS = 10_000;

/**
 * The refusal of an order for a SKU that takes none now. `isEverywhere`: no edge takes orders for it any more, so it gets no
 * new buyers.
 */
export function refuseStopped(
  catalog: Catalog,
  { sale }: Pick<CatalogEntry, "sale">,
  sku: Sku,
  now: number,
): { refusal: Refusal; isEverywhere: boolean } | undefined {
  const found = stopOf(catalog.switchesFor({ sale: sale.id, sku: sku.id }, now), sku);
  if (!found) return undefined;
  const [{ code, why: detail, cause, notice }, { since, until }] = found;
  const left = until === undefined ? UNKNOWN_SECONDS : Math.ceil((until - now) / 1_000);
  const retryAfterSeconds = Math.max(1, Math.min(MAX_RETRY_SECONDS, left));
  const refusal = refuse(code, {
    detail,
    stop: { cause, ...(notice === undefined ? {} : { notice }) },
    ...(code === "sale_closed" ? {} : { retryAfterSeconds }),
  });
  return { refusal, isEverywhere: now - since > REACHED_MS };
}
