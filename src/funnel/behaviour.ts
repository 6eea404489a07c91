// What this isolate has seen callers do lately: kept in bounded memory for ten minutes, never stored. Who
// keeps being refused is blocked for a while, with the evidence written down for the operator.
import { LRUCache } from "lru-cache";
import { causeOf, log } from "../observability/log.ts";
import type { Attempt } from "./attempt.ts";
import { addressBlock } from "./caller.ts";
import { addRule } from "./deny-list.ts";
import { protectionOf } from "./protection.ts";

const MEMORY_MS = 600_000;
const MAX_CALLERS = 20_000;
/** Beyond this many accounts, more from one address say nothing new. */
const MAX_ACCOUNTS = 200;

interface History {
  limitRefusals: number;
  failedChallenges: number;
}

const histories = new LRUCache<string, History>({ max: MAX_CALLERS, ttl: MEMORY_MS });
const accounts = new LRUCache<string, Set<string>>({ max: MAX_CALLERS, ttl: MEMORY_MS });

/** How often a user was refused lately. */
export const historyOf = (userId: string): History =>
  histories.get(userId) ?? { limitRefusals: 0, failedChallenges: 0 };

/** Counts the accounts that one address block has used lately, this one included. */
export function countAccounts({ c, userId }: Attempt): number {
  const block = addressBlock(c);
  const seen = accounts.get(block) ?? new Set<string>();
  if (seen.size < MAX_ACCOUNTS) seen.add(userId);
  accounts.set(block, seen);
  return seen.size;
}

/** Notes a refusal; at the sale's threshold the user is blocked for the sale's block time. */
export function noteRefusal(attempt: Attempt, kind: keyof History): void {
  const { c, userId, entry } = attempt;
  const { autoBlock } = protectionOf(entry.sale);
  const history = { ...historyOf(userId), [kind]: historyOf(userId)[kind] + 1 };
  histories.set(userId, history);
  if (history[kind] !== autoBlock[kind]) return;
  const now = Date.now();
  const rule = {
    effect: "deny" as const,
    kind: "user" as const,
    value: userId,
    by: "automatic" as const,
    addedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + autoBlock.blockSeconds * 1_000).toISOString(),
    evidence: { saleId: entry.sale.id, ...history, accountsAtAddress: countAccounts(attempt) },
  };
  c.executionCtx.waitUntil(
    addRule(c.get("config"), rule).catch((error) =>
      log("deny_list.write_failed", { cause: causeOf(error) }),
    ),
  );
}
