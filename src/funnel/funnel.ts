// The funnel: the ordered checks before a reservation, the cheapest first. Adding a stage takes one file and one line
// in a list here.
import { findSku } from "../catalog/archive.ts";
import { heldCatalog } from "../catalog/snapshot.ts";
import type { Refusal } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { admission } from "./admission.ts";
import { allowance } from "./allowance.ts";
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
import { apart } from "./rehearsal.ts";
import { type OrderReader, readOrder } from "./shape.ts";
import { shedding } from "./shedding.ts";
import { soldOut } from "./sold-out.ts";
import { logVerbose } from "./verbose.ts";

/** Skips a stage for an attempt that only looks up an order, because it cannot get a unit. */
const whenBuying = ({ check, ...stage }: Stage<Buying>): Stage<Purchase> => ({
  ...stage,
  check: (attempt) => (isBuying(attempt) ? check(attempt) : undefined),
});

const isBuying = (attempt: Purchase): attempt is Buying =>
  attempt.pending === undefined && attempt.entry !== undefined;

/** No I/O and no cryptography. */
const FREE: readonly Stage[] = [openSale, recognized];

/** For a caller this isolate does not recognize. Network rules come first, as they are cheaper than a signature. */
const UNRECOGNIZED: readonly Stage[] = [denied, identified];

/** For an identified caller. */
const IDENTIFIED: readonly Stage<Purchase>[] = [
  apart,
  denied,
  soldOut,
  exhausted,
  flood, // before every stage that costs more than a signature check
  shedding,
  whenBuying(admission),
  whenBuying(challenge),
  limits,
  whenBuying(solution),
  whenBuying(allowance), // last, because it writes a row
];

type Refused = { ok: false; refusal: Refusal };
type Result<A> = { ok: true; attempt: A } | Refused;

/**
 * Runs all stages on an attempt to buy.
 *
 * @param read parses the order from the request
 * @returns the admitted attempt, or the first refusal
 */
export async function runFunnel(
  c: AppContext,
  skuId: string,
  read: OrderReader = readOrder,
): Promise<Result<Admitted>> {
  const attempt = begin({ c, route: "order", skuId });
  const order = await read(c, skuId);
  if (!order.ok) return refused(attempt, "shape", order.refusal);
  const caller = await identify(Object.assign(attempt, order.value), FREE, UNRECOGNIZED);
  if (!caller.ok) return caller;
  const passed = await runStages<Purchase>(caller.attempt, IDENTIFIED);
  if (!passed.ok) return passed;
  count("funnel_passed", saleOf(attempt));
  return { ok: true, attempt: admit(passed.attempt) };
}

/**
 * Lets stages observe the call of the object. Call this right before that call.
 *
 * @returns a function to call with the object's answer
 */
export function observe(attempt: Admitted): Observer {
  const observers = IDENTIFIED.flatMap((stage) => stage.observe?.(attempt) ?? []);
  return (answer) => {
    for (const observer of observers) observer(answer);
  };
}

/**
 * Identifies a caller who wants their own orders. Skips the deny list on purpose: a blocked buyer may still see,
 * pay for, and cancel orders they have.
 */
export async function authenticate(c: AppContext): Promise<Result<Identified>> {
  const caller = await identify(begin({ c, route: "read" }), [recognized], [identified]);
  return caller.ok ? runStages(caller.attempt, [flood]) : caller;
}

/** Limits how often an authenticated caller may read orders. */
export const limitReads = (attempt: Identified): Promise<Result<Identified>> =>
  runStages(attempt, [readLimit]);

/** Limits how often an authenticated caller may pay and cancel, by the settings of the SKU's sale. */
export async function limitChanges(
  { c, userId, now, rehearsed }: Identified,
  skuId: string,
): Promise<Result<Identified>> {
  const entry = (await findSku(c.get("scope"), skuId).catch(() => undefined))?.entry;
  const known = { ...(entry && { entry }), ...(rehearsed && { rehearsed }) };
  const change = { c, route: "change", skuId, userId, now, ...known } as const;
  return runStages<Identified>(begin(change), [apart, limits]);
}

/** Makes an attempt. Every response to it has the rate-limit headers, even if a stage throws. */
function begin<Given extends { c: AppContext; route: Route }>(given: Given): Attempt & Given {
  const attempt = { skuId: "", now: Date.now(), ...given };
  given.c.set("describe", (headers) => describeLimit(attempt, headers));
  return attempt;
}

/** Runs the stages that identify the caller: the free ones, then the others if the caller is still unidentified. */
async function identify<A extends Attempt>(
  attempt: A,
  free: readonly Stage[],
  others: readonly Stage[],
): Promise<Result<Identified<A>>> {
  const early = await runStages<Attempt>(attempt, free);
  if (!early.ok) return early;
  const late = isIdentified(attempt) ? early : await runStages<Attempt>(attempt, others);
  if (!late.ok) return late;
  if (!isIdentified(attempt))
    throw new Error("the stages neither identified nor refused the caller");
  return { ok: true, attempt };
}

const isIdentified = <A extends Attempt>(attempt: A): attempt is Identified<A> =>
  attempt.userId !== undefined;

async function runStages<A extends Attempt>(
  attempt: A,
  stages: readonly Stage<A>[],
): Promise<Result<A>> {
  for (const stage of stages) {
    const refusal = await stage.check(attempt);
    if (refusal) return refused(attempt, stage.name, refusal);
  }
  return { ok: true, attempt };
}

function admit(attempt: Purchase): Admitted {
  const { orderId } = attempt;
  if (orderId === undefined) throw new Error("the limits did not set an order id");
  return Object.assign(attempt, { orderId });
}

/** Counts and logs a refusal. */
function refused(attempt: Attempt, step: string, refusal: Refusal): Refused {
  const { c, route } = attempt;
  const { reason } = refusal;
  const saleId = saleOf(attempt);
  const name = route === "order" ? "funnel" : route;
  count(`${name}_refused`, step, reason, saleId);
  const fields = { requestId: c.get("requestId"), saleId, step, reason };
  log(`${name}.refused`, fields);
  logVerbose(c.get("config"), "order.refused", attempt, fields);
  return { ok: false, refusal };
}

/** The sale for metrics and logs. A malformed request still has its SKU in the path. */
const saleOf = ({ entry, skuId }: Attempt): string =>
  (entry ?? heldCatalog()?.sku(skuId)?.entry)?.sale.id ?? "-";
