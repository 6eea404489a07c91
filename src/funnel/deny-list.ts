// The deny and allow rules as edges know them: a shared snapshot, at most five seconds old.
import type { CatalogScope, RegistryEnv } from "../catalog/store.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { INTERACTIVE_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { parseRule, type Rule, RuleSet } from "./rule-set.ts";
import {
  deleteRule,
  type RuleName,
  type RuleTexts,
  readCopiedRules,
  readRegisteredRules,
  reconcileRules,
  saveAutomaticBlock,
  saveRule,
} from "./rule-store.ts";

/** The rules, and the version of the operator's among them. */
interface KnownRules {
  version: number;
  book: RuleSet;
}

/** The version of the last change made here, until a read has seen it: Redis may have missed it. */
let awaited = 0;

const shared: SwrCache<RuleTexts, KnownRules, CatalogScope> = new SwrCache({
  name: "rules",
  freshMs: 2_500,
  revalidateMs: 4_500,
  staleMs: 3_600_000,
  load: async (scope) => {
    const least = awaited;
    const copied = await withRedis(scope.config, INTERACTIVE_LIMIT_MS, readCopiedRules);
    if (!copied) return restore(scope, []);
    const rules = parseRules(copied);
    const bad = copied.texts.length - rules.length;
    if (bad > 0) log("redis.bad_value", { step: "rules", count: bad });
    // Redis missed a change that was made, or that the registry told us, while Redis was down.
    const isBehind =
      copied.version > 0 && copied.version < Math.max(least, shared.last?.version ?? 0);
    const texts = bad > 0 || isBehind ? await restore(scope, rules.filter(isAutomatic)) : copied;
    if (awaited === least) awaited = 0;
    return texts;
  },
  build: (texts) => ({ version: texts.version, book: new RuleSet(parseRules(texts)) }),
  // Automatic blocks are in Redis alone: those that are known hold.
  fallback: (scope, held) =>
    readRegisteredRules(scope.env, held?.book.rules.filter(isAutomatic) ?? []),
});

const parseRules = ({ texts }: RuleTexts): Rule[] => texts.flatMap((text) => parseRule(text) ?? []);
const isAutomatic = ({ by }: Rule): boolean => by === "automatic";

/** Redis was emptied, never had rules, missed a change, or has bad values: it gets what the registry knows. */
function restore(scope: CatalogScope, automatics: Rule[]): Promise<RuleTexts> {
  scope.waitUntil(
    reconcileRules(scope.env, scope.config).catch((error) =>
      log("rules.restore_failed", { cause: causeOf(error) }),
    ),
  );
  return readRegisteredRules(scope.env, automatics);
}

/** The rules for one request. */
export const readRules = async (scope: CatalogScope): Promise<RuleSet> =>
  (await shared.read(scope)).value.book;

/** Adds or replaces a rule: at once in this isolate, within 5 s everywhere if it says so. */
export async function addRule(env: RegistryEnv, config: RedisConfig, rule: Rule): Promise<boolean> {
  const { version, copied } = await saveRule(env, config, rule);
  awaited = version;
  shared.drop();
  return copied;
}

/** Lifts a rule, whoever made it: whether there was one, and whether that is so everywhere within 5 s. */
export async function removeRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<{ lifted: boolean; copied: boolean }> {
  const result = await deleteRule(env, config, name);
  awaited = result.version;
  shared.drop();
  return result;
}

/** Blocks a user for a while, within 5 s. Where there are too many rules the limits go on refusing. */
export async function addAutomaticBlock(
  config: RedisConfig,
  userId: string,
  seconds: number,
  evidence: NonNullable<Rule["evidence"]>,
): Promise<void> {
  const now = Date.now();
  const kept = await saveAutomaticBlock(config, {
    effect: "deny",
    kind: "user",
    value: userId,
    by: "automatic",
    addedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + seconds * 1_000).toISOString(),
    evidence,
  });
  if (!kept) count("deny_list_full");
}
