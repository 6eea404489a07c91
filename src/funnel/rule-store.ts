// Stores deny and allow rules. The registry has the operator's rules, and edges read a copy in Redis. Automatic blocks,
// which expire, are in Redis only.
import type { Redis } from "@upstash/redis/cloudflare";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { healed } from "../redis/bad-values.ts";
import { BACKGROUND_LIMIT_MS, type RedisConfig, readHash, withRedis } from "../redis/client.ts";
import { reachesEdges } from "../redis/copy.ts";
import type { Keys } from "../redis/keys.ts";
import { isExpired, parseRule, type Rule } from "./rule-set.ts";

/** Most rules to which automatic blocks are added: about half a megabyte for each edge to read. */
const MAX_RULES = 2_000;
/**
 * The field of the hash that is not a rule but the version of the copied rules. It shows whether Redis was emptied or
 * missed a change.
 */
export const VERSION_FIELD = "copied";

/** All rules as JSON texts, and the version of the operator's rules among them; 0 if unknown. */
export interface RuleTexts {
  version: number;
  texts: string[];
}

export type RuleName = Pick<Rule, "effect" | "kind" | "value">;

const operatorField = ({ effect, kind, value }: RuleName): string => `${effect}:${kind}:${value}`;
/** Automatic blocks have separate fields, so a block never overwrites an operator's rule. */
const automaticField = ({ kind, value }: RuleName): string => `automatic:${kind}:${value}`;
const isAutomatic = (field: string): boolean => field.startsWith("automatic:");

/**
 * KEYS[1]  the rules
 * ARGV     field, text, the maximum number of rules
 * returns  1, or 0 if the maximum is reached
 */
const ADD_UNLESS_FULL = `
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`;

/**
 * KEYS[1]  the rules
 * ARGV     field, text, field, text …: each field is removed if it still has this text
 */
const REMOVE_UNCHANGED = `
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i+1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 1`;

/**
 * KEYS[1]    the rules
 * ARGV[1..2] the field of the version, and the version of the operator's rules after the change
 * ARGV[3..4] the field to write and its text; with an empty field, none is written
 * ARGV[5..]  the fields to remove
 * returns    the number of removed fields, and the version before the change
 */
const CHANGE = `
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '') or 0
if before < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], ARGV[3], ARGV[4]) end
local removed = 0
for i = 5, #ARGV do removed = removed + redis.call('HDEL', KEYS[1], ARGV[i]) end
return {removed, before}`;

/** Runs `work` on the rules in Redis. If the key is not a hash, removes it and runs `work` again. */
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
 * Stores an operator's rule, new or changed.
 *
 * @returns the new version of the rules, and whether the change reaches the edges within seconds
 */
export async function saveRule(
  env: RegistryEnv,
  config: RedisConfig,
  rule: Rule,
): Promise<{ version: number; copied: boolean }> {
  const [field, text] = [operatorField(rule), JSON.stringify(rule)];
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
 * Copies one change to Redis. If a newer change got there first, this one may have overwritten it, so all rules of the
 * registry are copied again.
 *
 * @returns the number of removed fields
 */
async function copyChange(
  { env, config, redis, keys }: Copying,
  version: number,
  written: [field: string, text: string] | undefined,
  removed: string[] = [],
): Promise<number> {
  const args = [VERSION_FIELD, String(version), ...(written ?? ["", ""]), ...removed];
  const [removedCount, before] = await onRules(redis, keys, () =>
    redis.createScript<[number, number]>(CHANGE).exec([keys.rules], args),
  );
  if (before > version) await reconcileRules(env, config);
  return removedCount;
}

/**
 * Removes an operator's rule and, for a deny rule, the automatic block of the same name.
 *
 * @returns whether there was one, the new version of the rules, and whether the change reaches the edges within
 *   seconds
 * @throws if there is no operator's rule, and Redis does not answer whether there is an automatic block
 */
export async function deleteRule(
  env: RegistryEnv,
  config: RedisConfig,
  name: RuleName,
): Promise<{ lifted: boolean; version: number; copied: boolean }> {
  const { removed, version } = await registryOf(env).removeRule(operatorField(name));
  const fields = [operatorField(name), ...(name.effect === "deny" ? [automaticField(name)] : [])];
  const removeCopies = (redis: Redis, keys: Keys) =>
    copyChange({ env, config, redis, keys }, version, undefined, fields);
  if (removed) return { lifted: true, version, copied: await reachesEdges(config, removeCopies) };
  return { lifted: (await inBackground(config, removeCopies)) > 0, version, copied: true };
}

/** Stores an automatic block. Returns false if there are too many rules already. */
export async function saveAutomaticBlock(config: RedisConfig, rule: Rule): Promise<boolean> {
  const added = await inBackground(config, (redis, keys) =>
    redis
      .createScript<number>(ADD_UNLESS_FULL)
      .exec([keys.rules], [automaticField(rule), JSON.stringify(rule), String(MAX_RULES)]),
  );
  return added === 1;
}

/** All rules in force. While Redis is down, without automatic blocks. */
export async function listRules(env: RegistryEnv, config: RedisConfig): Promise<Rule[]> {
  const now = Date.now();
  const [{ rules }, copied] = await Promise.all([
    registryOf(env).rules(),
    readCopy(config).catch(() => new Map<string, string>()),
  ]);
  const automatics = [...copied].filter(([name]) => isAutomatic(name));
  return [...rules.map(({ text }) => text), ...automatics.map(([, text]) => text)].flatMap(
    (text) => {
      const rule = parseRule(text);
      return rule && !isExpired(rule, now) ? [rule] : [];
    },
  );
}

/** The copy that edges read. Undefined if Redis was emptied. */
export async function readCopiedRules(redis: Redis, keys: Keys): Promise<RuleTexts | undefined> {
  const copied = await onRules(redis, keys, () => readHash(redis, keys.rules));
  if (copied.size === 0) return undefined;
  const version = Number(copied.get(VERSION_FIELD) ?? 0);
  copied.delete(VERSION_FIELD);
  return { version, texts: [...copied.values()] };
}

/** The registry's rules, and the given automatic blocks, which only Redis stores. */
export async function readRegisteredRules(
  env: RegistryEnv,
  automatics: readonly Rule[],
): Promise<RuleTexts> {
  const { version, rules } = await registryOf(env).rules();
  const kept = automatics.map((rule) => JSON.stringify(rule));
  return { version, texts: [...rules.map(({ text }) => text), ...kept] };
}

/** Makes the copy in Redis match the registry, and removes expired rules from both. */
export async function reconcileRules(env: RegistryEnv, config: RedisConfig): Promise<void> {
  const now = Date.now();
  // The copy is read first, so a rule only in the copy was removed from the registry, not added just now.
  const copied = await readCopy(config);
  const { version, rules: registered } = await registryOf(env).rules();
  const isInForce = (text: string) => {
    const rule = parseRule(text);
    return rule !== undefined && !isExpired(rule, now);
  };
  const expired = registered.filter(({ text }) => !isInForce(text));
  await registryOf(env).removeRules(expired);
  const wanted = new Map(
    registered.filter((rule) => !expired.includes(rule)).map((r) => [r.name, r.text]),
  );
  const missing = [...wanted, [VERSION_FIELD, String(version)] as const].filter(
    ([name, text]) => copied.get(name) !== text,
  );
  const stale = [...copied].filter(
    ([name, text]) =>
      name !== VERSION_FIELD && (isAutomatic(name) ? !isInForce(text) : !wanted.has(name)),
  );
  await inBackground(config, async (redis, keys) => {
    if (missing.length > 0) await redis.hset(keys.rules, Object.fromEntries(missing));
    if (stale.length > 0) {
      await redis.createScript(REMOVE_UNCHANGED).exec([keys.rules], stale.flat());
    }
  });
}

/** The copy in Redis, as field → text. */
const readCopy = (config: RedisConfig): Promise<Map<string, string>> =>
  inBackground(config, (redis, keys) => readHash(redis, keys.rules));
