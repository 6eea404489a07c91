// The flood shield. The colo counts by itself, without a network trip.
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { addressBlock } from "./caller.ts";
import { identify, identity } from "./identity.ts";
import type { PolicyName } from "./policies.ts";

/** The period of the FLOOD_SHIELD binding in wrangler.toml. */
export const SHIELD_PERIOD_SECONDS = 10;

/** Whether the shield lets a caller pass. A shield that fails lets everybody pass, and that is counted. */
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
 * The shield of a route that needs no sign-in. A signed-in caller is counted by name; strangers share what
 * their address may do.
 */
export async function shieldRoute(c: AppContext, route: string): Promise<Refusal | undefined> {
  const identity = await identify(c, c.get("config"));
  const who = identity.ok ? `user|${identity.userId}` : `strangers|${addressBlock(c)}`;
  if (await passesShield(c, `${route}|${who}`)) return undefined;
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/** The shield's refusal: nothing is left of this limit. */
export function shieldRefusal(attempt: Attempt, name: PolicyName) {
  attempt.tightest = { name, remaining: 0, resetSeconds: SHIELD_PERIOD_SECONDS };
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/**
 * Checks a token that this isolate has not verified yet, always: only its signature tells a forger from a
 * buyer behind the same carrier NAT, and a check (about 0.1 ms) costs less than the rest of the request.
 * Failures alone are counted by address. So a flood of forgeries refuses no valid caller; the price is that
 * each forgery goes on costing its check.
 */
export const stranger: Stage = {
  name: identity.name,
  async check(attempt) {
    const refusal = await identity.check(attempt);
    if (refusal?.reason !== "unauthenticated") return refusal;
    const { c, route } = attempt;
    const passes = await passesShield(c, `${route}|failed|${addressBlock(c)}`);
    return passes ? refusal : shieldRefusal(attempt, "ip");
  },
};

/**
 * A person is counted by name, never by address: no account can use up what its neighbors need. The
 * sale's own limit, which is counted later, bounds many accounts at one address.
 */
export const flood: Stage = {
  name: "flood",
  async check(attempt) {
    const passes = await passesShield(attempt.c, `${attempt.route}|user|${attempt.userId}`);
    return passes ? undefined : shieldRefusal(attempt, "user");
  },
};
