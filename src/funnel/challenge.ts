// Requires a challenge (Cloudflare Turnstile) as the sale's settings or an operator's switch say: never, always, or above a
// risk score.
import { challengeMode } from "../catalog/challenge-mode.ts";
import { protectionOf } from "../catalog/protection.ts";
import { memory } from "../edge/memory.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { count } from "../observability/metrics.ts";
import type { Buying, Identified, Stage } from "./attempt.ts";
import {
  addAccount,
  type History,
  historyOf,
  type NearbyAccounts,
  NOBODY_NEARBY,
  recordRefusal,
} from "./behavior.ts";
import { accountHash, accountName } from "./caller.ts";
import { scoreRisk } from "./risk.ts";
import { mayBeRetry } from "./sold-out.ts";
import { CHALLENGE_ACTION, verifyChallenge } from "./turnstile.ts";
import { VISIT_HEADER, visitAge } from "./visit.ts";

/** The token our page sends when the widget did not load, because of a blocker or an outage of Turnstile. */
const NOT_LOADED = "not-loaded";

const CHALLENGE_HEADER = "Challenge-Token";
/** Turnstile's limit is 2,048 characters. Rejects a repeated header, whose values are joined by a comma. */
const TOKEN = /^[\w.-]{0,2048}$/;

const isWellFormed = (c: AppContext, name: string): boolean => TOKEN.test(c.req.header(name) ?? "");
/** How long a solved challenge is remembered, so a retry with the same, spent token still passes. */
const PASS_MS = 600_000;

const passes = memory<true>("challenges", { ttl: PASS_MS });

/** A request that may have to solve a challenge. */
export type Challenged = Identified & Pick<Buying, "entry" | "visit" | "turn" | "solution">;

const passOf = ({ entry, userId }: Challenged) => `${entry.sale.id}|${userId}`;

/** Whether this isolate knows that the user solved a challenge for the sale, or their ticket or the operator says so. */
export const hasSolved = (attempt: Challenged): boolean =>
  passes.has(passOf(attempt)) ||
  attempt.turn?.isChallenged === true ||
  attempt.rehearsed?.hasSolved === true;

/** Requires a challenge where the sale's settings say so. No I/O. Sets the solution that is to be verified. */
export async function demandChallenge(attempt: Challenged): Promise<Refusal | undefined> {
  const { sale } = attempt.entry;
  const mode = challengeMode(sale);
  // Counted in every mode, so the counts are complete when the operator changes the mode during a sale.
  const account = accountName(attempt.userId, attempt.c.get("config").SIGNING_SECRET);
  // A crowd of synthetic people must not make real people at the operator's address look like a farm.
  const nearby = attempt.rehearsed ? NOBODY_NEARBY : addAccount(attempt.c, account);
  if (mode === "off" || hasSolved(attempt)) return undefined;
  const malformed = [VISIT_HEADER, CHALLENGE_HEADER].find((it) => !isWellFormed(attempt.c, it));
  if (malformed) {
    const issues = [{ path: malformed, message: "is not a valid token" }];
    return refuse("invalid_request", { issues });
  }
  if (mode === "by-score") {
    const { score, reasons } = await assessRisk(attempt, account, nearby);
    if (score < protectionOf(sale).challenge.threshold) return undefined;
    for (const reason of reasons) count("risk", reason, sale.id);
  }
  const token = attempt.c.req.header(CHALLENGE_HEADER);
  if (!token) return requireChallenge(attempt, "ignoredChallenges");
  attempt.solution = token;
  return undefined;
}

/** Verifies the token of a solved challenge. Costs a network round trip. */
export async function verifySolution(attempt: Challenged): Promise<Refusal | undefined> {
  const { c, entry } = attempt;
  if (attempt.solution === undefined) return undefined;
  const cdata = await cdataOf(attempt);
  const verdict = await verifyChallenge(c.get("config"), attempt.solution, cdata, entry.sale.id);
  const { whenDown } = protectionOf(entry.sale).challenge;
  count("challenge", verdict === "down" ? `${verdict}-${whenDown}` : verdict, entry.sale.id);
  switch (verdict) {
    case "passed":
      passes.set(passOf(attempt), true);
      return undefined;
    case "failed":
      return requireChallenge(
        attempt,
        attempt.solution === NOT_LOADED ? "ignoredChallenges" : "failedChallenges",
      );
    case "down":
      return whenDown === "open"
        ? undefined
        : refuse("unavailable", { detail: "Challenges cannot be checked right now" });
  }
}

/**
 * Runs before the limits, because it costs no I/O. A possible retry is not refused for a missing challenge: the attempt
 * then only looks up its order, so a buyer gets the stored answer and no one gets a new unit.
 */
export const challenge: Stage<Buying> = {
  name: "challenge",
  async check(attempt) {
    const refusal = await demandChallenge(attempt);
    if (refusal?.reason !== "challenge_required" || !mayBeRetry(attempt)) return refusal;
    attempt.pending = refusal;
    return undefined;
  },
};

/**
 * Runs after the limits. The attempt may repeat an accepted order with the token that was valid then, so it is looked up in
 * any case.
 */
export const solution: Stage<Buying> = {
  name: "solution",
  async check(attempt) {
    const refusal = await verifySolution(attempt);
    if (refusal) attempt.pending = refusal;
    return undefined;
  },
};

/** The widget's `cdata`. It binds a token to this user, so no one else can use it. */
const cdataOf = ({ c, userId }: Challenged) => accountHash(userId, c.get("config").SIGNING_SECRET);

async function assessRisk(attempt: Challenged, account: string, nearby: NearbyAccounts) {
  const { c, userId } = attempt;
  const { limitRefusals, failedChallenges, ignoredChallenges } = historyOf(userId);
  const cf = (c.req.raw.cf ?? {}) as { asn?: number; botManagement?: { score?: number } };
  return scoreRisk({
    visitAgeMs: await visitAge(attempt, account),
    accountsAtAddress: nearby.address,
    accountsAtSite: nearby.site,
    accountsInNetwork: nearby.network,
    refusals: limitRefusals + failedChallenges + ignoredChallenges,
    asn: cf.asn,
    botScore: cf.botManagement?.score,
  });
}

/** Refuses with the settings the page needs to show the widget. */
function requireChallenge(attempt: Challenged, kind: keyof History): Refusal {
  recordRefusal(attempt, kind);
  return refuse("challenge_required", {
    challenge: {
      provider: "turnstile",
      siteKey: attempt.c.get("config").TURNSTILE_SITE_KEY ?? "",
      action: CHALLENGE_ACTION,
      cdata: cdataOf(attempt),
    },
  });
}
