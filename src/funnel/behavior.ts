// The behavior of callers that this isolate saw in the last ten minutes, in bounded memory, never stored. A user who
// keeps being refused is blocked for a while, and the operator can read the evidence.
import { protectionOf } from "../catalog/protection.ts";
import { memory } from "../edge/memory.ts";
import type { AppContext } from "../http.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Identified } from "./attempt.ts";
import { addressOf } from "./caller.ts";
import { addAutomaticBlock } from "./deny-list.ts";

/** Counted from the first event, so that a constant caller starts again from zero as well. */
const LATELY = { ttl: 600_000, fromFirst: true };
/** Beyond this many accounts in one block, more say nothing new. */
const MAX_ACCOUNTS = 256;

export interface History {
  limitRefusals: number;
  failedChallenges: number;
  ignoredChallenges: number;
}

const NOTHING: History = { limitRefusals: 0, failedChallenges: 0, ignoredChallenges: 0 };

const histories = memory<History>("histories", { ...LATELY, sizeOf: () => 64 });
/** Users whose block is still on its way to all edges. Until it arrives, their attempts prove nothing new. */
const beingBlocked = memory<true>("blocks", { ttl: 10_000 });
/** By address block, site and network. */
const accounts = memory<Set<string>>("accounts", {
  ...LATELY,
  sizeOf: ({ size }) => 256 + 64 * size,
});

/** How often a user was refused in the last ten minutes. */
export const historyOf = (userId: string): History => histories.get(userId) ?? NOTHING;

/** How many accounts were used in the last ten minutes: in a caller's own block and in the wider ones around it. */
export interface NearbyAccounts {
  address: number;
  site: number;
  network: number;
}

/** The accounts around a caller that this isolate has seen. */
const crowdAround = (c: AppContext): NearbyAccounts => crowdOf(c, countAt);

/** Counts an account (see `accountName`) with those around it. */
export const addAccount = (c: AppContext, account: string): NearbyAccounts =>
  crowdOf(c, (block) => {
    const seen = accounts.get(block) ?? new Set();
    if (seen.has(account) || seen.size >= MAX_ACCOUNTS) return seen.size;
    accounts.set(block, new Set(seen).add(account));
    return seen.size + 1;
  });

const countAt = (block: string): number => accounts.get(block)?.size ?? 0;

function crowdOf(c: AppContext, count: (block: string) => number): NearbyAccounts {
  const { block, site, network } = addressOf(c);
  return {
    address: count(block),
    site: site === undefined ? 0 : count(site),
    network: network === undefined ? 0 : count(network),
  };
}

/** Notes a refusal; at the sale's threshold the user is blocked for the sale's block time. */
export function recordRefusal(attempt: Identified, kind: keyof History): void {
  const { c, userId, entry } = attempt;
  const { autoBlock } = protectionOf(entry?.sale ?? {});
  const saleId = entry?.sale.id ?? "-";
  const history = { ...historyOf(userId), [kind]: historyOf(userId)[kind] + 1 };
  const enough = history[kind] >= autoBlock[kind];
  // Back to zero: after a block has ended, the user must reach the threshold again.
  histories.set(userId, enough ? { ...history, [kind]: 0 } : history);
  if (!enough || beingBlocked.has(userId)) return;
  beingBlocked.set(userId, true);
  count("blocked", kind, saleId);
  const accountsAtAddress = crowdAround(c).address;
  const evidence = { saleId, ...history, accountsAtAddress };
  c.executionCtx.waitUntil(
    addAutomaticBlock(c.get("config"), userId, autoBlock.blockSeconds, evidence).catch((error) =>
      log("deny_list.write_failed", { cause: causeOf(error) }),
    ),
  );
}
