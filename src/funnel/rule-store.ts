// Where deny and allow rules are kept: the operator's in the registry for good, with a copy in Redis that
// edges read; automatic blocks, which end by themselves, in Redis alone.
import type { Redis } from "@upstash/redis/cloudflare";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, readHash, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import { isOver, parseRule, type Rule } from "./rule-book.ts";

/** Beyond so many rules, half a megabyte for each edge to read, machines add no more. */
const MAX_RULES = 2_000;
/** A field that is no rule: with it the copy is never empty, so that an emptied Redis can be told. */
export const MARK = "copied";

export type RuleName = Pick<Rule, "effect" | "kind" | "value">;

const operators = ({ effect, kind, value }: RuleName): string => `${effect}:${kind}:${value}`;
/** Automatic blocks have fields of their own, so that none shortens what an operator decided. */
const automatic = ({ kind, value }: RuleName): string => `automatic:${kind}:${value}`;

/**
 * KEYS[1]  the rules
 * ARGV     field, text, how many rules are too many
 * returns  1, or 0 when there are too many already
 */
const ADD_UNLESS_FULL = `
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`;

/**
 * KEYS[1]  the rules
 * ARGV     field, text, field, text …: each is removed if it still holds this text
 */
const REMOVE_UNCHANGED = `
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i+1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 1`;

/** Runs work on the rules in Redis, whatever was there before. */
const onRules = <T>(
  redis: Redis,
  keys: Keys,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> => healed(redis, keys, [{ key: keys.rules, type: "hash" }], () => work(redis, keys));

const inBackground = <T>(
  config: RedisConfig,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> =>
  withRedis(config, BACKGROUND_LIMIT_MS, (redis, keys) => onRules(redis, keys, work));

/** Keeps a rule of the operator's, new or changed. */
export async function keepRule(env: RegistryEnv, config: RedisConfig, rule: Rule): Promise<void> {
  const [field, text] = [operators(rule), JSON.stringify(rule)];
  await registryOf(env).putRule(field, text);
  await inBackground(config, (redis, keys) => redis.hset(keys.rules, { [field]: text }));
}

/** Lifts a rule, whoever made it; false when there was none. */
export async function liftRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<boolean> {
  const removed = await registryOf(env).removeRule(operators(name));
  const fields = [operators(name), ...(name.effect === "deny" ? [automatic(name)] : [])];
  const gone = await inBackground(config, (redis, keys) => redis.hdel(keys.rules, ...fields));
  return removed || gone > 0;
}

/** Keeps an automatic block; false when there are too many rules already. */
export async function keepAutomaticBlock(config: RedisConfig, rule: Rule): Promise<boolean> {
  const kept = await inBackground(config, (redis, keys) =>
    redis
      .createScript<number>(ADD_UNLESS_FULL)
      .exec([keys.rules], [automatic(rule), JSON.stringify(rule), String(MAX_RULES)]),
  );
  return kept === 1;
}

/** All rules that hold now. */
export async function listRules(env: RegistryEnv, config: RedisConfig): Promise<Rule[]> {
  const now = Date.now();
  const [kept, copied] = await Promise.all([registryOf(env).rules(), copy(config)]);
  const texts = new Map([...copied, ...kept.map(({ name, text }) => [name, text] as const)]);
  return [...texts.values()].flatMap((text) => {
    const rule = parseRule(text);
    return rule && !isOver(rule, now) ? [rule] : [];
  });
}

/** What edges read: the texts of all rules; nothing at all when Redis was emptied. */
export async function readTexts(redis: Redis, keys: Keys): Promise<string[]> {
  return onRules(redis, keys, async () => (await redis.hvals(keys.rules)) as string[]);
}

/** Makes the copy agree with the registry, and removes what has expired: it means nothing any more. */
export async function reconcileRules(env: RegistryEnv, config: RedisConfig): Promise<void> {
  const now = Date.now();
  // In this order: what is copied but not kept was lifted, and not just added.
  const copied = await copy(config);
  const kept = await registryOf(env).rules();
  const has = (text: string) => {
    const rule = parseRule(text);
    return rule !== undefined && !isOver(rule, now);
  };
  const over = kept.filter(({ text }) => !has(text));
  await registryOf(env).removeRules(over);
  const wanted = new Map(kept.filter((rule) => !over.includes(rule)).map((r) => [r.name, r.text]));
  const missing = [...wanted, [MARK, ""] as const].filter(
    ([name, text]) => copied.get(name) !== text,
  );
  const stale = [...copied].filter(
    ([name, text]) =>
      name !== MARK && (name.startsWith("automatic:") ? !has(text) : !wanted.has(name)),
  );
  await inBackground(config, async (redis, keys) => {
    if (missing.length > 0) await redis.hset(keys.rules, Object.fromEntries(missing));
    if (stale.length > 0) {
      await redis.createScript(REMOVE_UNCHANGED).exec([keys.rules], stale.flat());
    }
  });
}

/** Field → text, as Redis has them. */
const copy = (config: RedisConfig): Promise<Map<string, string>> =>
  inBackground(config, (redis, keys) => readHash(redis, keys.rules));
