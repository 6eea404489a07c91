// Where deny and allow rules are kept: the operator's in the registry for good, with a copy in Redis that
// edges read; automatic blocks, which end by themselves, in Redis alone.
import type { Redis } from "@upstash/redis/cloudflare";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, readHash, withRedis } from "../redis/client.ts";
import { reachesEdges } from "../redis/copy.ts";
import type { Keys } from "../redis/keys.ts";
import { isExpired, parseRule, type Rule } from "./rule-set.ts";

/** Beyond so many rules, half a megabyte for each edge to read, machines add no more. */
const MAX_RULES = 2_000;
/**
 * A field that is no rule, but the version of the rules that were copied: an emptied Redis can be told by it,
 * and one that missed a change.
 */
export const VERSION_FIELD = "copied";

/** The texts of all rules, and the version of the operator's among them; 0 when it is not known. */
export interface RuleTexts {
  version: number;
  texts: string[];
}

export type RuleName = Pick<Rule, "effect" | "kind" | "value">;

const operators = ({ effect, kind, value }: RuleName): string => `${effect}:${kind}:${value}`;
/** Automatic blocks have fields of their own, so that none shortens what an operator decided. */
const automatic = ({ kind, value }: RuleName): string => `automatic:${kind}:${value}`;
const isAutomatic = (field: string): boolean => field.startsWith("automatic:");

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

/**
 * KEYS[1]    the rules
 * ARGV[1..2] the field of the version, the version with which the operator's rules changed
 * ARGV[3..4] a field to write and its text; an empty field writes none
 * ARGV[5..]  fields to remove
 * returns    how many were removed; the version of the rules that were there before
 */
const CHANGE = `
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '') or 0
if before < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], ARGV[3], ARGV[4]) end
local removed = 0
for i = 5, #ARGV do removed = removed + redis.call('HDEL', KEYS[1], ARGV[i]) end
return {removed, before}`;

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

/**
 * Keeps a rule of the operator's, new or changed: the version of the rules from then on, and whether edges
 * will learn it within seconds.
 */
export async function saveRule(
  env: RegistryEnv,
  config: RedisConfig,
  rule: Rule,
): Promise<{ version: number; copied: boolean }> {
  const [field, text] = [operators(rule), JSON.stringify(rule)];
  const version = await registryOf(env).putRule(field, text);
  const copied = await reachesEdges(config, (redis, keys) =>
    copyChange({ env, config, redis, keys }, version, [field, text]),
  );
  return { version, copied };
}

interface Copying {
  env: RegistryEnv;
  config: RedisConfig;
  redis: Redis;
  keys: Keys;
}

/**
 * Copies one change to Redis. When a newer one has arrived there first, this one may just have overwritten it:
 * then the registry is copied once more.
 *
 * @returns how many fields were removed
 */
async function copyChange(
  { env, config, redis, keys }: Copying,
  version: number,
  written: [field: string, text: string] | undefined,
  removed: string[] = [],
): Promise<number> {
  const args = [VERSION_FIELD, String(version), ...(written ?? ["", ""]), ...removed];
  const [gone, before] = await onRules(redis, keys, () =>
    redis.createScript<[number, number]>(CHANGE).exec([keys.rules], args),
  );
  if (before > version) await reconcileRules(env, config);
  return gone;
}

/**
 * Lifts a rule, whoever made it: whether there was one, the version of the rules from then on, and whether
 * edges will learn it within seconds.
 *
 * @throws when the operator made none, and Redis does not say whether there is an automatic one
 */
export async function deleteRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<{ lifted: boolean; version: number; copied: boolean }> {
  const { removed, version } = await registryOf(env).removeRule(operators(name));
  const fields = [operators(name), ...(name.effect === "deny" ? [automatic(name)] : [])];
  const forget = (redis: Redis, keys: Keys) =>
    copyChange({ env, config, redis, keys }, version, undefined, fields);
  if (!removed) return { lifted: (await inBackground(config, forget)) > 0, version, copied: true };
  return { lifted: true, version, copied: await reachesEdges(config, forget) };
}

/** Keeps an automatic block; false when there are too many rules already. */
export async function saveAutomaticBlock(config: RedisConfig, rule: Rule): Promise<boolean> {
  const kept = await inBackground(config, (redis, keys) =>
    redis
      .createScript<number>(ADD_UNLESS_FULL)
      .exec([keys.rules], [automatic(rule), JSON.stringify(rule), String(MAX_RULES)]),
  );
  return kept === 1;
}

/** All rules that hold now; while Redis does not answer, without automatic blocks. */
export async function listRules(env: RegistryEnv, config: RedisConfig): Promise<Rule[]> {
  const now = Date.now();
  const [{ rules }, copied] = await Promise.all([
    registryOf(env).rules(),
    copy(config).catch(() => new Map<string, string>()),
  ]);
  const automatics = [...copied].filter(([name]) => isAutomatic(name));
  return [...rules.map(({ text }) => text), ...automatics.map(([, text]) => text)].flatMap(
    (text) => {
      const rule = parseRule(text);
      return rule && !isExpired(rule, now) ? [rule] : [];
    },
  );
}

/** What edges read; undefined when Redis was emptied. */
export async function readCopiedRules(redis: Redis, keys: Keys): Promise<RuleTexts | undefined> {
  const copied = await onRules(redis, keys, () => readHash(redis, keys.rules));
  if (copied.size === 0) return undefined;
  const version = Number(copied.get(VERSION_FIELD) ?? 0);
  copied.delete(VERSION_FIELD);
  return { version, texts: [...copied.values()] };
}

/** What the registry knows, and of what Redis alone has as much as is still known. */
export async function readRegisteredRules(
  env: RegistryEnv,
  automatics: readonly Rule[],
): Promise<RuleTexts> {
  const { version, rules } = await registryOf(env).rules();
  const kept = automatics.map((rule) => JSON.stringify(rule));
  return { version, texts: [...rules.map(({ text }) => text), ...kept] };
}

/** Makes the copy agree with the registry, and removes what has expired: it means nothing any more. */
export async function reconcileRules(env: RegistryEnv, config: RedisConfig): Promise<void> {
  const now = Date.now();
  // In this order: what is copied but not kept was lifted, and not just added.
  const copied = await copy(config);
  const { version, rules: kept } = await registryOf(env).rules();
  const has = (text: string) => {
    const rule = parseRule(text);
    return rule !== undefined && !isExpired(rule, now);
  };
  const over = kept.filter(({ text }) => !has(text));
  await registryOf(env).removeRules(over);
  const wanted = new Map(kept.filter((rule) => !over.includes(rule)).map((r) => [r.name, r.text]));
  const missing = [...wanted, [VERSION_FIELD, String(version)] as const].filter(
    ([name, text]) => copied.get(name) !== text,
  );
  const stale = [...copied].filter(
    ([name, text]) =>
      name !== VERSION_FIELD && (isAutomatic(name) ? !has(text) : !wanted.has(name)),
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
