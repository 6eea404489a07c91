// The flood shield: a counter of Cloudflare's in each colo, which costs no network trip.
import type { PolicyName } from "../catalog/protection.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Identified, Stage } from "./attempt.ts";
import { addressBlock } from "./caller.ts";
import { identify, take } from "./identity.ts";

/** The period of the FLOOD_SHIELD binding in wrangler.toml. */
export const SHIELD_PERIOD_SECONDS = 10;

/** Whether the shield lets a caller pass. A broken shield lets everyone pass, and that is counted. */
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
 * The shield of a route that needs no sign-in. Unauthenticated and known callers at one address are counted
 * separately.
 */
export async function shieldRoute(c: AppContext, route: string): Promise<Refusal | undefined> {
  const identity = await identify(c, c.get("config"));
  const who = identity.ok ? `user|${identity.userId}` : `strangers|${addressBlock(c)}`;
  if (await passesShield(c, `${route}|${who}`)) return undefined;
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/** The shield's refusal: nothing is left of this limit. */
export function shieldRefusal(attempt: Attempt, name: PolicyName): Refusal {
  attempt.tightest = { name, remaining: 0, resetSeconds: SHIELD_PERIOD_SECONDS };
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/**
 * Identifies a caller whose token this isolate has not verified yet. Every token is checked: only the signature
 * tells a forger from a buyer behind the same carrier NAT, and a check (about 0.1 ms) costs less than the rest
 * of the request. Only failures count against the address, so a flood of forgeries cannot lock out a real
 * buyer. The price: each forgery goes on costing its check.
 */
export const identified: Stage = {
  name: "identity",
  async check(attempt) {
    const { c, route } = attempt;
    const refusal = take(attempt, await identify(c, c.get("config")));
    if (refusal?.reason !== "unauthenticated") return refusal;
    const passes = await passesShield(c, `${route}|failed|${addressBlock(c)}`);
    return passes ? refusal : shieldRefusal(attempt, "ip");
  },
};

/**
 * Counts a known caller by name, never by address, so no account can use up what its neighbors need. The sale's
 * own limit, counted later, bounds many accounts at one address.
 */
export const flood: Stage<Identified> = {
  name: "flood",
  async check(attempt) {
    const passes = await passesShield(attempt.c, `${attempt.route}|user|${attempt.userId}`);
    return passes ? undefined : shieldRefusal(attempt, "user");
  },
};
