// Recent refusals and accounts per address, as seen by this isolate in the last ten minutes. Kept in bounded memory
// only. A user with too many refusals is blocked for a while; the operator can read the evidence.
import { protectionOf } from "../catalog/protection.ts";
import { memory } from "../edge/memory.ts";
import type { AppContext } from "../http/request.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Identified } from "./attempt.ts";
import { addressOf } from "./caller.ts";
import { addAutomaticBlock } from "./deny-list.ts";

/** Ten minutes from the first event, so even a caller who never pauses starts again from zero. */
const TEN_MINUTES = { ttl: 600_000, fromFirst: true };
/** Most accounts counted in one address block. More would not change the risk score. */
const MAX_ACCOUNTS = 256;

/** How often a user was refused in the last ten minutes, by reason. */
export interface History {
  limitRefusals: number;
  failedChallenges: number;
  ignoredChallenges: number;
}

const NO_HISTORY: History = { limitRefusals: 0, failedChallenges: 0, ignoredChallenges: 0 };

const histories = memory<History>("histories", { ...TEN_MINUTES, sizeOf: () => 64 });
/** Users whose new block has not reached all edges yet. Prevents a second block for the same behavior. */
const beingBlocked = memory<true>("blocks", { ttl: 10_000 });
/** Accounts by address block, site, and network. */
const accounts = memory<Set<string>>("accounts", {
  ...TEN_MINUTES,
  sizeOf: ({ size }) => 256 + 64 * size,
});

/** A user's refusals in the last ten minutes. */
export const historyOf = (userId: string): History => histories.get(userId) ?? NO_HISTORY;

/** Accounts used in the last ten minutes from a caller's address block and from the wider blocks around it. */
export interface NearbyAccounts {
  address: number;
  site: number;
  network: number;
}

export const NOBODY_NEARBY: NearbyAccounts = { address: 0, site: 0, network: 0 };

/** Counts an account (see `accountName`) at the caller's address. Returns the counts, this account included. */
export const addAccount = (c: AppContext, account: string): NearbyAccounts =>
  countNearby(c, (block) => {
    const seen = accounts.get(block) ?? new Set();
    if (seen.has(account) || seen.size >= MAX_ACCOUNTS) return seen.size;
    accounts.set(block, new Set(seen).add(account));
    return seen.size + 1;
  });

function countNearby(c: AppContext, count: (block: string) => number): NearbyAccounts {
  const { block, site, network } = addressOf(c);
  return {
    address: count(block),
    site: site === undefined ? 0 : count(site),
    network: network === undefined ? 0 : count(network),
  };
}

/**
 * Counts a refusal. At the sale's threshold, blocks the user for the sale's block time. The block of a synthetic person is only
 * counted: a crowd of them would fill the list that real sales share.
 */
export function recordRefusal(attempt: Identified, kind: keyof History): void {
  const { c, userId, entry, rehearsed } = attempt;
  const { autoBlock } = protectionOf(entry?.sale ?? {});
  const saleId = entry?.sale.id ?? "-";
  const history = { ...historyOf(userId), [kind]: historyOf(userId)[kind] + 1 };
  const isOverThreshold = history[kind] >= autoBlock[kind];
  // Reset to zero, so the user must reach the threshold again after the block.
  histories.set(userId, isOverThreshold ? { ...history, [kind]: 0 } : history);
  if (!isOverThreshold || beingBlocked.has(userId)) return;
  beingBlocked.set(userId, true);
  count("blocked", kind, saleId);
  if (rehearsed) return;
  const accountsAtAddress = accounts.get(addressOf(c).block)?.size ?? 0;
  const evidence = { saleId, ...history, accountsAtAddress };
  c.executionCtx.waitUntil(
    addAutomaticBlock(c.get("config"), userId, autoBlock.blockSeconds, evidence).catch((error) =>
      log("deny_list.write_failed", { cause: causeOf(error) }),
    ),
  );
}
