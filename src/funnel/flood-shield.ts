// The flood shield: Cloudflare's rate-limit binding, which counts per colo and costs no network round trip.
import type { PolicyName } from "../catalog/protection.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Identified, Stage } from "./attempt.ts";
import { addressBlock } from "./caller.ts";
import { applyIdentity, identify } from "./identity.ts";

/** The period of the FLOOD_SHIELD binding in wrangler.toml. */
export const SHIELD_PERIOD_SECONDS = 10;

/** Whether the shield lets a caller pass. A failing shield fails open, and each failure is counted. */
export async function passesShield(c: AppContext, key: string): Promise<boolean> {
  try {
    return (await c.env.FLOOD_SHIELD.limit({ key })).success;
  } catch (error) {
    count("shield_failed");
    log("shield.failed", { requestId: c.get("requestId"), cause: causeOf(error) });
    return true;
  }
}

/**
 * The shield of a route that needs no sign-in. Unauthenticated and identified callers at one address are counted
 * separately, so forged tokens cannot lock out a real buyer.
 */
export async function shieldRoute(c: AppContext, route: string): Promise<Refusal | undefined> {
  const identity = await identify(c, c.get("config"));
  const caller = identity.ok ? `user|${identity.userId}` : `strangers|${addressBlock(c)}`;
  if (await passesShield(c, `${route}|${caller}`)) return undefined;
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/** The shield's refusal. The headers report that nothing is left of the limit `name`. */
export function shieldRefusal(attempt: Attempt, name: PolicyName): Refusal {
  attempt.tightest = { name, remaining: 0, resetSeconds: SHIELD_PERIOD_SECONDS };
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/**
 * Identifies a caller whose token this isolate has not verified yet. It checks every token, because only the
 * signature tells a forger from a buyer behind the same carrier NAT, and a check (about 0.1 ms) costs less than the
 * rest of the request. Only failures count against the address, so a flood of forged tokens cannot lock out a
 * real buyer. The trade-off: every forged token costs a check.
 */
export const identified: Stage = {
  name: "identity",
  async check(attempt) {
    const { c, route } = attempt;
    const refusal = applyIdentity(attempt, await identify(c, c.get("config")));
    if (refusal?.reason !== "unauthenticated") return refusal;
    const passes = await passesShield(c, `${route}|failed|${addressBlock(c)}`);
    return passes ? refusal : shieldRefusal(attempt, "ip");
  },
};

/**
 * Counts an identified caller by user, never by address, so no account can use up the limit of others at its address.
 * The sale's own address limit, counted later, bounds many accounts at one address.
 */
export const flood: Stage<Identified> = {
  name: "flood",
  async check(attempt) {
    const passes = await passesShield(attempt.c, `${attempt.route}|user|${attempt.userId}`);
    return passes ? undefined : shieldRefusal(attempt, "user");
  },
};
