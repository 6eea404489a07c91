// Applies the deny list: rules on the network before the caller is identified, rules on the user after it.
import { refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import type { Stage } from "./attempt.ts";
import { addressOf } from "./caller.ts";
import { readRules } from "./deny-list.ts";
import type { Caller, RuleSet } from "./rule-set.ts";

/** The caller as rules see it. Reads only the properties that some rule is about. */
function callerOf(c: AppContext, kinds: RuleSet["kinds"], userId?: string): Caller {
  const located = kinds.has("asn") || kinds.has("country");
  const { asn, country } = ((located && c.req.raw.cf) || {}) as { asn?: number; country?: string };
  return {
    address: kinds.has("ip") ? addressOf(c).parsed : undefined,
    asn: asn === undefined ? undefined : String(asn),
    country,
    userId,
  };
}

export const denied: Stage = {
  name: "denied",
  async check({ c, now, userId }) {
    const rules = await readRules(c.get("scope"));
    if (rules.rules.length === 0) return undefined;
    // An allow rule for a user overrides the network, so the caller must be identified first.
    if (userId === undefined && rules.allowsUsers) return undefined;
    return rules.denies(callerOf(c, rules.kinds, userId), now) ? refuse("blocked") : undefined;
  },
};
