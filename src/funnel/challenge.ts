// Asks for a challenge as the sale says: never, always, or when the attempt looks risky.
import { protectionOf } from "../catalog/protection.ts";
import { memory } from "../edge/memory.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { count } from "../observability/metrics.ts";
import type { Buying, Stage } from "./attempt.ts";
import {
  addAccount,
  type History,
  historyOf,
  type NearbyAccounts,
  recordRefusal,
} from "./behavior.ts";
import { accountName, keyedHash } from "./caller.ts";
import { scoreRisk } from "./risk.ts";
import { mayBeRetry } from "./sold-out.ts";
import { CHALLENGE_ACTION, verifyChallenge } from "./turnstile.ts";
import { VISIT_HEADER, visitAge } from "./visit.ts";

/** What our page sends when the widget could not be loaded: a blocker, or Turnstile is down. */
const NOT_LOADED = "not-loaded";

const CHALLENGE_HEADER = "Challenge-Token";
/** 2,048 characters is Turnstile's own limit. Sent twice, a header's values are joined by a comma. */
const TOKEN = /^[\w.-]{0,2048}$/;

const isToken = (c: AppContext, name: string): boolean => TOKEN.test(c.req.header(name) ?? "");
/** How long a solved challenge counts. A retry must not be stopped by a spent token. */
const PASS_MS = 600_000;

const passes = memory<true>("challenges", { ttl: PASS_MS });

const passOf = ({ entry, userId }: Buying) => `${entry.sale.id}|${userId}`;

/** Asks for a challenge where the sale wants one. No I/O, so it comes before the limits. */
export const challenge: Stage<Buying> = {
  name: "challenge",
  async check(attempt) {
    const settings = protectionOf(attempt.entry.sale).challenge;
    // Counted even while no challenge is asked for, so that a change of mode knows the sale's first minutes.
    const account = await accountName(attempt.userId, attempt.c.get("config").SIGNING_SECRET);
    const crowd = addAccount(attempt.c, account);
    if (settings.mode === "off" || passes.has(passOf(attempt))) return undefined;
    const garbled = [VISIT_HEADER, CHALLENGE_HEADER].find((name) => !isToken(attempt.c, name));
    if (garbled) {
      const issues = [{ path: garbled, message: "is no token of ours" }];
      return refuse("invalid_request", { issues });
    }
    if (settings.mode === "by-score") {
      const { score, reasons } = await assess(attempt, account, crowd);
      if (score < settings.threshold) return undefined;
      for (const reason of reasons) count("risk", reason, attempt.entry.sale.id);
    }
    const token = attempt.c.req.header(CHALLENGE_HEADER);
    if (token) {
      attempt.solution = token;
      return undefined;
    }
    return ask(attempt, "ignoredChallenges");
  },
};

/** Verifies a solved challenge: a network trip, so it comes after the limits. */
export const solution: Stage<Buying> = {
  name: "solution",
  async check(attempt) {
    const { c, entry } = attempt;
    if (attempt.solution === undefined) return undefined;
    const cdata = await boundTo(attempt);
    const verdict = await verifyChallenge(c.get("config"), attempt.solution, cdata, entry.sale.id);
    const { whenDown } = protectionOf(entry.sale).challenge;
    count("challenge", verdict === "down" ? `${verdict}-${whenDown}` : verdict, entry.sale.id);
    switch (verdict) {
      case "passed":
        passes.set(passOf(attempt), true);
        return undefined;
      case "failed":
        return ask(
          attempt,
          attempt.solution === NOT_LOADED ? "ignoredChallenges" : "failedChallenges",
        );
      case "down":
        return whenDown === "open"
          ? undefined
          : refuse("unavailable", { detail: "Challenges cannot be checked right now" });
    }
  },
};

/** Binds what the widget issues to this user, so that no one else can use it. */
const boundTo = ({ c, userId }: Buying) =>
  keyedHash(`user:${userId}`, c.get("config").SIGNING_SECRET);

async function assess(attempt: Buying, account: string, crowd: NearbyAccounts) {
  const { c, userId } = attempt;
  const { limitRefusals, failedChallenges, ignoredChallenges } = historyOf(userId);
  const cf = (c.req.raw.cf ?? {}) as { asn?: number; botManagement?: { score?: number } };
  return scoreRisk({
    visitAgeMs: await visitAge(attempt, account),
    accountsAtAddress: crowd.address,
    accountsAtSite: crowd.site,
    accountsInNetwork: crowd.network,
    refusals: limitRefusals + failedChallenges + ignoredChallenges,
    asn: cf.asn,
    botScore: cf.botManagement?.score,
  });
}

/**
 * Refuses with what the page needs to show the widget. A buyer who repeats an accepted attempt still gets its
 * answer: from here on the attempt only looks up its order, so no one gets a unit this way.
 */
async function ask(attempt: Buying, kind: keyof History): Promise<Refusal | undefined> {
  recordRefusal(attempt, kind);
  const refusal = refuse("challenge_required", {
    challenge: {
      provider: "turnstile",
      siteKey: attempt.c.get("config").TURNSTILE_SITE_KEY ?? "",
      action: CHALLENGE_ACTION,
      cdata: await boundTo(attempt),
    },
  });
  if (!mayBeRetry(attempt)) return refusal;
  attempt.pending = refusal;
  return undefined;
}
