// Stage 7: a challenge where the sale asks for one: never, always, or when the attempt looks risky.
import { LRUCache } from "lru-cache";
import { type Refusal, refuse } from "../errors.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { countAccounts, historyOf, noteRefusal } from "./behaviour.ts";
import { hashAddress } from "./caller.ts";
import { protectionOf } from "./protection.ts";
import { scoreRisk } from "./risk.ts";
import { CHALLENGE_ACTION, verifyChallenge } from "./turnstile.ts";
import { visitAge } from "./visit.ts";

export const CHALLENGE_HEADER = "Challenge-Token";
/** Turnstile's own limit. */
const MAX_TOKEN = 2_048;
/** Who solved one is not asked again for a while: a retry must not be stopped by a spent token. */
const PASS_MS = 600_000;

const passes = new LRUCache<string, true>({ max: 50_000, ttl: PASS_MS });

export const challenge: Stage = {
  name: "challenge",
  async check(attempt) {
    const { c, userId, entry } = attempt;
    const settings = protectionOf(entry.sale).challenge;
    // Seen even when nobody is asked, so that the first minutes of a sale count when the mode changes.
    const accountsAtAddress = countAccounts(attempt);
    if (settings.mode === "off") return undefined;
    const pass = `${entry.sale.id}|${userId}`;
    if (passes.has(pass)) return undefined;
    if (settings.mode === "by-score") {
      const { score, reasons } = await assess(attempt, accountsAtAddress);
      if (score < settings.threshold) return undefined;
      for (const reason of reasons) count("risk", reason, entry.sale.id);
    }
    const config = c.get("config");
    const cdata = await hashAddress(`user:${userId}`, config.SIGNING_SECRET);
    const token = c.req.header(CHALLENGE_HEADER);
    if (!token || token.length > MAX_TOKEN) return ask(attempt, cdata);
    const verdict = await verifyChallenge(config, token, cdata);
    count("challenge", verdict, entry.sale.id);
    if (verdict === "passed") {
      passes.set(pass, true);
      return undefined;
    }
    if (verdict === "failed") {
      noteRefusal(attempt, "failedChallenges");
      return ask(attempt, cdata);
    }
    return settings.whenDown === "open"
      ? undefined
      : refuse("unavailable", { detail: "Challenges cannot be checked right now" });
  },
};

async function assess(attempt: Attempt, accountsAtAddress: number) {
  const { c, userId, entry } = attempt;
  const { limitRefusals, failedChallenges } = historyOf(userId);
  const cf = (c.req.raw.cf ?? {}) as { asn?: number; botManagement?: { score?: number } };
  return scoreRisk({
    visitAgeMs: await visitAge(c, entry.sale.id),
    accountsAtAddress,
    refusals: limitRefusals + failedChallenges,
    asn: cf.asn,
    botScore: cf.botManagement?.score,
  });
}

/** What the page needs to show the widget. */
function ask({ c }: Attempt, cdata: string): Refusal {
  return refuse("challenge_required", {
    challenge: {
      provider: "turnstile",
      siteKey: c.get("config").TURNSTILE_SITE_KEY ?? "",
      action: CHALLENGE_ACTION,
      cdata,
    },
  });
}
