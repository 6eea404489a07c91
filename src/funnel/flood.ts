// Stage 3: the flood shield. The colo counts by itself, without a network trip.
import { refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { addressBlock } from "./caller.ts";
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

/** What the shield says to whom it stops: nothing is left for them, of whichever limit. */
export function shieldRefusal(attempt: Attempt, name: PolicyName) {
  attempt.tightest = { name, remaining: 0, resetSeconds: SHIELD_PERIOD_SECONDS };
  return refuse("rate_limited", { retryAfterSeconds: SHIELD_PERIOD_SECONDS });
}

/** Strangers at an address are counted apart from people we know there: forged tokens silence no neighbour. */
const keyOf = ({ c, route, userId }: Attempt) =>
  `${route}|${userId === undefined ? "strangers" : "known"}|${addressBlock(c)}`;

export const flood: Stage = {
  name: "flood",
  async check(attempt) {
    const passes = await passesShield(attempt.c, keyOf(attempt));
    return passes ? undefined : shieldRefusal(attempt, "ip");
  },
};
