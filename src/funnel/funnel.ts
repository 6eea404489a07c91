// The funnel: the ordered checks before a reservation, the cheapest refusal first. Adding a stage is one
// file and one line here.
import { findSku } from "../catalog/older.ts";
import { knownCatalog } from "../catalog/snapshot.ts";
import type { Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Route, Stage } from "./attempt.ts";
import { challenge, solution } from "./challenge.ts";
import { denied } from "./denied.ts";
import { flood, stranger } from "./flood.ts";
import { recognised } from "./identity.ts";
import { known } from "./known.ts";
import { limits, pace, spent } from "./limits.ts";
import { shape } from "./shape.ts";
import { shedding } from "./shedding.ts";
import { soldOut } from "./sold-out.ts";

/** A stage that an attempt does not need while it only looks for an order: it gets nothing new. */
const forOrders = ({ name, check }: Stage): Stage => ({
  name,
  check: (attempt) => (attempt.pending ? undefined : check(attempt)),
});

const AFTER_SHAPE: readonly Stage[] = [
  known,
  recognised,
  denied, // what the network gives away, and who is recognised
  soldOut,
  stranger,
  denied, // once more, for who was not recognised
  soldOut,
  spent,
  flood, // before anything that costs more than a signature check
  shedding,
  forOrders(challenge),
  limits,
  forOrders(solution),
];

type Passed = { ok: true; attempt: Attempt } | { ok: false; refusal: Refusal };

/**
 * Sends an attempt to buy through all stages. The result is the filled attempt, or the first refusal. The
 * first stage can be another one: the pages read the same attempt out of a form.
 */
export function runFunnel(c: AppContext, skuId: string, first: Stage = shape): Promise<Passed> {
  return pass(begin(c, "order", skuId), [first, ...AFTER_SHAPE]);
}

/** Who asks about their own orders. Nobody is denied here: also who may not buy any more gets what is theirs. */
export function enter(c: AppContext): Promise<Passed> {
  return pass(begin(c, "read"), [recognised, stranger, flood]);
}

/** Whoever entered may look at their orders this often. */
export const mayRead = (attempt: Attempt): Promise<Passed> => pass(attempt, [pace]);

/** Whoever entered may pay for orders and give them back this often, as the SKU's sale says. */
export async function mayChange(attempt: Attempt, skuId: string): Promise<Passed> {
  const entry = (await findSku(attempt.c, skuId).catch(() => undefined))?.entry;
  return pass({ ...attempt, route: "change", skuId, ...(entry && { entry }) }, [limits]);
}

const begin = (c: AppContext, route: Route, skuId = "") =>
  ({ c, route, skuId, now: Date.now() }) as Attempt;

async function pass(attempt: Attempt, stages: readonly Stage[]): Promise<Passed> {
  const { c, route } = attempt;
  c.set("attempt", attempt); // every answer of the route says what is left, also when a stage throws
  for (const { name, check } of stages) {
    const refusal = await check(attempt);
    if (!refusal) continue;
    const { reason } = refusal;
    const saleId = saleOf(attempt);
    const counter = `${route === "order" ? "funnel" : route}.refused`;
    count(counter, name, reason, saleId);
    log(counter, { requestId: c.get("requestId"), saleId, step: name, reason });
    return { ok: false, refusal };
  }
  if (route === "order") count("funnel.passed", saleOf(attempt));
  return { ok: true, attempt };
}

/** For the counters: also a request that says nothing else right says which SKU it is about. */
const saleOf = ({ entry, skuId }: Attempt): string =>
  (entry ?? knownCatalog()?.sku(skuId)?.entry)?.sale.id ?? "-";
