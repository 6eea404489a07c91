// The deny and allow rules as the edge reads them: a shared snapshot, at most five seconds old.
import type { CatalogScope, RegistryEnv } from "../catalog/store.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";
import { type RuleTexts, readCopiedRules, saveAutomaticBlock } from "./rule-copy.ts";
import { parseRule, type Rule, RuleSet } from "./rule-set.ts";
import {
  deleteRule,
  type RuleName,
  readRegisteredRules,
  reconcileRules,
  saveRule,
} from "./rule-store.ts";

/** The rules, and the version of the operator's rules among them. */
interface VersionedRules {
  version: number;
  rules: RuleSet;
}

/** Version of the last change made in this isolate that no read has returned yet. Redis may have missed the change. */
let awaitedVersion = 0;

const shared: SwrCache<RuleTexts, VersionedRules, CatalogScope> = new SwrCache({
  name: "rules",
  freshMs: 2_500,
  revalidateMs: 4_500,
  staleMs: 3_600_000,
  load: async (scope) => {
    const least = awaitedVersion;
    const copied = await withRedis(scope.config, "redis", readCopiedRules);
    if (!copied) return restore(scope, []);
    const rules = parseRules(copied);
    const bad = copied.texts.length - rules.length;
    if (bad > 0) log("redis.bad_value", { step: "rules", count: bad });
    // Redis is older than a change made here or read from the registry: it missed the change while it was down.
    const isBehind =
      copied.version > 0 && copied.version < Math.max(least, shared.last?.version ?? 0);
    const texts = bad > 0 || isBehind ? await restore(scope, rules.filter(isAutomatic)) : copied;
    if (awaitedVersion === least) awaitedVersion = 0;
    return texts;
  },
  build: (texts) => ({ version: texts.version, rules: new RuleSet(parseRules(texts)) }),
  // The registry has no automatic blocks, so those held in memory stay in force.
  fallback: (scope, held) =>
    readRegisteredRules(scope.env, held?.rules.rules.filter(isAutomatic) ?? []),
});

const parseRules = ({ texts }: RuleTexts): Rule[] => texts.flatMap((text) => parseRule(text) ?? []);
const isAutomatic = ({ by }: Rule): boolean => by === "automatic";

/** Returns the registry's rules, and copies them to Redis, which lost its rules, missed a change, or has bad values. */
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
  (await shared.read(scope)).value.rules;

/**
 * Adds or replaces a rule. It applies in this isolate at once.
 *
 * @returns whether the rule reaches all edges within five seconds
 */
export async function addRule(env: RegistryEnv, config: RedisConfig, rule: Rule): Promise<boolean> {
  const { version, copied } = await saveRule(env, config, rule);
  awaitedVersion = version;
  shared.drop();
  return copied;
}

/**
 * Removes a rule of the operator and an automatic block of the same name.
 *
 * @returns `lifted`: whether there was one; `copied`: whether the removal reaches all edges within five seconds
 */
export async function removeRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<{ lifted: boolean; copied: boolean }> {
  const result = await deleteRule(env, config, name);
  awaitedVersion = result.version;
  shared.drop();
  return result;
}

/** Blocks a user on all edges within five seconds. With too many rules it does nothing; the limits still refuse. */
export async function addAutomaticBlock(
  config: RedisConfig,
  userId: string,
  seconds: number,
  evidence: NonNullable<Rule["evidence"]>,
): Promise<void> {
  const now = Date.now();
  const isSaved = await saveAutomaticBlock(config, {
    effect: "deny",
    kind: "user",
    value: userId,
    by: "automatic",
    addedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + seconds * 1_000).toISOString(),
    evidence,
  });
  if (!isSaved) count("deny_list_full");
}
