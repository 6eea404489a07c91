// What this isolate has seen callers do lately: kept in bounded memory for ten minutes, never stored. Who
// keeps being refused is blocked for a while, with the evidence written down for the operator.
import { buyerHash } from "../inventory/buyers.ts";
import { memory } from "../memory.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt } from "./attempt.ts";
import { addressBlock } from "./caller.ts";
import { addAutomaticBlock } from "./deny-list.ts";
import { protectionOf } from "./protection.ts";

/** Counted from the first thing seen: who is seen all the time starts anew, too. */
const LATELY = { ttl: 600_000, fromFirst: true };
/** Beyond this many accounts, more from one address say nothing new. */
const MAX_ACCOUNTS_AT_ADDRESS = 128;

export interface History {
  limitRefusals: number;
  failedChallenges: number;
  ignoredChallenges: number;
}

const NOTHING: History = { limitRefusals: 0, failedChallenges: 0, ignoredChallenges: 0 };

const histories = memory<History>("histories", { ...LATELY, sizeOf: () => 64 });
/** Users whose block is on its way to all edges: until it shows, their attempts prove nothing new. */
const beingBlocked = memory<true>("blocks", { ttl: 10_000 });
const accounts = memory<Set<number>>("accounts", {
  ...LATELY,
  sizeOf: ({ size }) => 256 + 64 * size,
});

/** How often a user was refused lately. */
export const historyOf = (userId: string): History => histories.get(userId) ?? NOTHING;

/** Counts the accounts that one address block has used lately, this one included. */
export function countAccounts({ c, userId }: Attempt): number {
  const block = addressBlock(c);
  const account = buyerHash(userId);
  const seen = accounts.get(block) ?? new Set();
  if (seen.has(account) || seen.size >= MAX_ACCOUNTS_AT_ADDRESS) return seen.size;
  accounts.set(block, new Set(seen).add(account));
  return seen.size + 1;
}

/** Notes a refusal; at the sale's threshold the user is blocked for the sale's block time. */
export function noteRefusal(attempt: Attempt, kind: keyof History): void {
  const { c, userId, entry } = attempt;
  const { autoBlock } = protectionOf(entry.sale);
  const history = { ...historyOf(userId), [kind]: historyOf(userId)[kind] + 1 };
  const enough = history[kind] >= autoBlock[kind];
  // Counted anew from then on: who was let off must reach the threshold again.
  histories.set(userId, enough ? { ...history, [kind]: 0 } : history);
  if (!enough || beingBlocked.has(userId)) return;
  beingBlocked.set(userId, true);
  count("blocked", kind, entry.sale.id);
  const evidence = { saleId: entry.sale.id, ...history, accountsAtAddress: countAccounts(attempt) };
  c.executionCtx.waitUntil(
    addAutomaticBlock(c.get("config"), userId, autoBlock.blockSeconds, evidence).catch((error) =>
      log("deny_list.write_failed", { cause: causeOf(error) }),
    ),
  );
}
