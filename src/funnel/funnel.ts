// The funnel: the ordered checks before a reservation, the cheapest refusal first. A new stage is one file and
// one line here.
import { findSku } from "../catalog/archive.ts";
import { heldCatalog } from "../catalog/snapshot.ts";
import type { Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type {
  Admitted,
  Attempt,
  Buying,
  Identified,
  Observer,
  Purchase,
  Route,
  Stage,
} from "./attempt.ts";
import { challenge, solution } from "./challenge.ts";
import { denied } from "./denied.ts";
import { flood, identified } from "./flood-shield.ts";
import { recognized } from "./identity.ts";
import { exhausted, limits, readLimit } from "./limits.ts";
import { openSale } from "./open-sale.ts";
import { describeLimit } from "./policies.ts";
import { type OrderReader, readOrder } from "./shape.ts";
import { shedding } from "./shedding.ts";
import { soldOut } from "./sold-out.ts";

/** Skips a stage for an attempt that only looks up an order: it gets nothing new. */
const whenBuying = ({ check, ...stage }: Stage<Buying>): Stage<Purchase> => ({
  ...stage,
  check: (attempt) => (isBuying(attempt) ? check(attempt) : undefined),
});

const isBuying = (attempt: Purchase): attempt is Buying =>
  attempt.pending === undefined && attempt.entry !== undefined;

/** No I/O and no cryptography. */
const FREE: readonly Stage[] = [openSale, recognized];

/** For a caller this isolate does not recognize. The network is judged before a signature is checked. */
const UNRECOGNIZED: readonly Stage[] = [denied, identified];

/** For a caller with a name. */
const NAMED: readonly Stage<Purchase>[] = [
  denied,
  soldOut,
  exhausted,
  flood, // before anything that costs more than a signature check
  shedding,
  whenBuying(challenge),
  limits,
  whenBuying(solution),
];

type Stopped = { ok: false; refusal: Refusal };
type Passed<A> = { ok: true; attempt: A } | Stopped;

/**
 * Sends an attempt to buy through all stages.
 *
 * @param read reads the order out of the request
 * @returns the admitted attempt, or the first refusal
 */
export async function runFunnel(
  c: AppContext,
  skuId: string,
  read: OrderReader = readOrder,
): Promise<Passed<Admitted>> {
  const attempt = begin({ c, route: "order", skuId });
  const order = await read(c, skuId);
  if (!order.ok) return stop(attempt, "shape", order.refusal);
  const named = await identify(Object.assign(attempt, order.value), FREE, UNRECOGNIZED);
  if (!named.ok) return named;
  const passed = await pass<Purchase>(named.attempt, NAMED);
  if (!passed.ok) return passed;
  count("funnel.passed", saleOf(attempt));
  return { ok: true, attempt: admit(passed.attempt) };
}

/** Call it right before the object is asked, and the result with the object's answer: stages learn from it. */
export function observe(attempt: Admitted): Observer {
  const observers = NAMED.flatMap((stage) => stage.observe?.(attempt) ?? []);
  return (answer) => {
    for (const learn of observers) learn(answer);
  };
}

/**
 * Admits a caller to their own orders. Skips the deny list on purpose: a blocked buyer may still see, pay for,
 * and cancel what they hold.
 */
export async function authenticate(c: AppContext): Promise<Passed<Identified>> {
  const named = await identify(begin({ c, route: "read" }), [recognized], [identified]);
  return named.ok ? pass(named.attempt, [flood]) : named;
}

/** Limits how often a caller who entered may read orders. */
export const limitReads = (attempt: Identified): Promise<Passed<Identified>> =>
  pass(attempt, [readLimit]);

/** Limits how often a caller who entered may pay and cancel, as the SKU's sale says. */
export async function limitChanges(
  attempt: Identified,
  skuId: string,
): Promise<Passed<Identified>> {
  const { c, userId, now } = attempt;
  const entry = (await findSku(c.get("scope"), skuId).catch(() => undefined))?.entry;
  const change = { c, route: "change", skuId, userId, now, ...(entry && { entry }) } as const;
  return pass(begin(change), [limits]);
}

/** A new attempt. Every answer to it says what is left of its limits, even when a stage throws. */
function begin<Given extends { c: AppContext; route: Route }>(given: Given): Attempt & Given {
  const attempt = { skuId: "", now: Date.now(), ...given };
  given.c.set("describe", (headers) => describeLimit(attempt, headers));
  return attempt;
}

/** Stages that name the caller: those that are free first, the others only if those do not. */
async function identify<A extends Attempt>(
  attempt: A,
  free: readonly Stage[],
  others: readonly Stage[],
): Promise<Passed<Identified<A>>> {
  const early = await pass<Attempt>(attempt, free);
  if (!early.ok) return early;
  const late = isIdentified(attempt) ? early : await pass<Attempt>(attempt, others);
  if (!late.ok) return late;
  if (!isIdentified(attempt)) throw new Error("the stages named nobody and refused nobody");
  return { ok: true, attempt };
}

const isIdentified = <A extends Attempt>(attempt: A): attempt is Identified<A> =>
  attempt.userId !== undefined;

async function pass<A extends Attempt>(
  attempt: A,
  stages: readonly Stage<A>[],
): Promise<Passed<A>> {
  for (const stage of stages) {
    const refusal = await stage.check(attempt);
    if (refusal) return stop(attempt, stage.name, refusal);
  }
  return { ok: true, attempt };
}

function admit(attempt: Purchase): Admitted {
  const { orderId } = attempt;
  if (orderId === undefined) throw new Error("the limits gave the order no id");
  return Object.assign(attempt, { orderId });
}

function stop(attempt: Attempt, step: string, refusal: Refusal): Stopped {
  const { c, route } = attempt;
  const { reason } = refusal;
  const saleId = saleOf(attempt);
  const counter = `${route === "order" ? "funnel" : route}.refused`;
  count(counter, step, reason, saleId);
  log(counter, { requestId: c.get("requestId"), saleId, step, reason });
  return { ok: false, refusal };
}

/** For the counters: even a malformed request says which SKU it is about. */
const saleOf = ({ entry, skuId }: Attempt): string =>
  (entry ?? heldCatalog()?.sku(skuId)?.entry)?.sale.id ?? "-";
