// The deny and allow rules as edges know them: a shared snapshot, at most five seconds old.
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import { INTERACTIVE_LIMIT_MS, type RedisConfig, withRedis } from "../redis/client.ts";
import { type Reader, SharedValue } from "../shared-value.ts";
import { parseRule, type Rule, RuleBook } from "./rule-book.ts";
import {
  keepAutomaticBlock,
  keepRule,
  liftRule,
  type RuleName,
  readTexts,
  reconcileRules,
} from "./rule-store.ts";

const book = new SharedValue<string[], RuleBook>({
  name: "rules",
  freshMs: 2_500,
  revalidateMs: 4_500,
  staleMs: 3_600_000,
  load: async (c) => {
    const texts = await withRedis(c.get("config"), INTERACTIVE_LIMIT_MS, readTexts);
    const bad = texts.filter((text) => text !== "" && !parseRule(text));
    if (bad.length > 0) log("redis.bad_value", { step: "rules", count: bad.length });
    if (texts.length > 0 && bad.length === 0) return texts;
    return [...new Set([...texts, ...(await restore(c))])];
  },
  build: (texts) => new RuleBook(texts.flatMap((text) => parseRule(text) ?? [])),
  // Never read and Redis is down: the operator's rules hold, automatic blocks pause.
  fallback: (c) => ofRegistry(c.env),
});

const ofRegistry = async (env: RegistryEnv): Promise<string[]> =>
  (await registryOf(env).rules()).map(({ text }) => text);

/** Redis was emptied, never had rules, or has some that cannot be read: it gets back what the registry knows. */
function restore(c: Reader): Promise<string[]> {
  c.executionCtx.waitUntil(
    reconcileRules(c.env, c.get("config")).catch((error) =>
      log("rules.restore_failed", { cause: causeOf(error) }),
    ),
  );
  return ofRegistry(c.env);
}

/** The rules for one request. */
export const readRules = async (c: Reader): Promise<RuleBook> => (await book.read(c)).value;

/** Adds or replaces a rule: at once in this isolate, within 5 s everywhere. */
export async function addRule(env: RegistryEnv, config: RedisConfig, rule: Rule): Promise<void> {
  await keepRule(env, config, rule);
  book.drop();
}

/** Lifts a rule, whoever made it; false when there was none. */
export async function removeRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<boolean> {
  const lifted = await liftRule(env, config, name);
  book.drop();
  return lifted;
}

/** Blocks a user for a while, within 5 s. Where there are too many rules the limits go on refusing. */
export async function addAutomaticBlock(
  config: RedisConfig,
  userId: string,
  seconds: number,
  evidence: NonNullable<Rule["evidence"]>,
): Promise<void> {
  const now = Date.now();
  const kept = await keepAutomaticBlock(config, {
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
