// Applies the deny list: rules on the network before the caller is identified, rules on the user after it.
import { refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import type { Stage } from "./attempt.ts";
import { originOf } from "./caller.ts";
import { readRules } from "./deny-list.ts";
import type { Caller, RuleBook } from "./rule-book.ts";

/** What Cloudflare tells of the caller's network, as far as there are rules about it. */
function callerOf(c: AppContext, kinds: RuleBook["kinds"], userId?: string): Caller {
  const located = kinds.has("asn") || kinds.has("country");
  const { asn, country } = ((located && c.req.raw.cf) || {}) as { asn?: number; country?: string };
  return {
    address: kinds.has("ip") ? originOf(c).address : undefined,
    asn: asn === undefined ? undefined : String(asn),
    country,
    userId,
  };
}

export const denied: Stage = {
  name: "denied",
  async check({ c, now, userId }) {
    const rules = await readRules(c);
    if (rules.rules.length === 0) return undefined;
    // Whose name is on the allow list may come from anywhere, so names are asked first then.
    if (userId === undefined && rules.allowsUsers) return undefined;
    return rules.denies(callerOf(c, rules.kinds, userId), now) ? refuse("blocked") : undefined;
  },
};
