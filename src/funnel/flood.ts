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

/** Whether the shield lets a caller pass. One that fails does, and that is counted: it is not the only guard. */
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
 * The shield of a route that needs no sign-in. Who has signed in is counted by name; strangers share what
 * their address may do.
 */
export async function shieldRoute(c: AppContext, route: string): Promise<Refusal | undefined> {
  const identity = await identify(c, c.get("config"));
  const who = identity.ok ? `user|${identity.userId}` : `strangers|${addressBlock(c)}`;
  if (await passesShield(c, `${route}|${who}`)) return undefined;
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/** What the shield says to whom it stops: nothing is left for them, of whichever limit. */
export function shieldRefusal(attempt: Attempt, name: PolicyName) {
  attempt.tightest = { name, remaining: 0, resetSeconds: SHIELD_PERIOD_SECONDS };
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/**
 * Who shows a token that this isolate has not verified yet. The signature is always checked: nothing else
 * tells a forger from a buyer behind the same carrier NAT, and one check costs less than the rest of the
 * request. Only failures are counted by address. So a flood of forgeries refuses no valid caller; the
 * price is that every forgery goes on costing us its check.
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
 * A person is counted by name, never by address: no account can use up what its neighbours need. What
 * many accounts of one address may do together is the sale's limit, counted after this.
 */
export const flood: Stage = {
  name: "flood",
  async check(attempt) {
    const passes = await passesShield(attempt.c, `${attempt.route}|user|${attempt.userId}`);
    return passes ? undefined : shieldRefusal(attempt, "user");
  },
};
