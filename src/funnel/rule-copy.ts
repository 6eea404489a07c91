// The rules in Redis: a copy of the operator's rules, which edges read, and the automatic blocks, which are stored
// nowhere else.
import type { Redis } from "@upstash/redis/cloudflare";
import { healed } from "../redis/bad-values.ts";
import { type RedisConfig, readHash, withRedis } from "../redis/client.ts";
import type { Keys } from "../redis/keys.ts";
import type { Rule } from "./rule-set.ts";

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

/** Automatic blocks have separate fields, so a block never overwrites an operator's rule. */
export const automaticField = ({ kind, value }: Pick<Rule, "kind" | "value">): string =>
  `automatic:${kind}:${value}`;
export const isAutomaticField = (field: string): boolean => field.startsWith("automatic:");

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

/** `onRules` with the time limit for work that no visitor waits for. */
export const inBackground = <T>(
  config: RedisConfig,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> => withRedis(config, "redis-background", (redis, keys) => onRules(redis, keys, work));

/**
 * Writes one change of the operator's rules.
 *
 * @param version the version of the operator's rules after the change
 * @returns the number of removed fields, and the version in Redis before the change
 */
export const writeChange = (
  redis: Redis,
  keys: Keys,
  version: number,
  written: [field: string, text: string] | undefined,
  removed: string[] = [],
): Promise<[removedCount: number, before: number]> =>
  onRules(redis, keys, () =>
    redis
      .createScript<[number, number]>(CHANGE)
      .exec([keys.rules], [VERSION_FIELD, String(version), ...(written ?? ["", ""]), ...removed]),
  );

/**
 * Writes the fields in `missing`, and removes those in `stale` that still have the given text. Both are pairs of field
 * and text.
 */
export const correctCopy = (
  config: RedisConfig,
  missing: (readonly [string, string])[],
  stale: (readonly [string, string])[],
): Promise<void> =>
  inBackground(config, async (redis, keys) => {
    if (missing.length > 0) await redis.hset(keys.rules, Object.fromEntries(missing));
    if (stale.length > 0) {
      await redis.createScript(REMOVE_UNCHANGED).exec([keys.rules], stale.flat());
    }
  });

/** Stores an automatic block. Returns false if there are too many rules already. */
export async function saveAutomaticBlock(config: RedisConfig, rule: Rule): Promise<boolean> {
  const added = await inBackground(config, (redis, keys) =>
    redis
      .createScript<number>(ADD_UNLESS_FULL)
      .exec([keys.rules], [automaticField(rule), JSON.stringify(rule), String(MAX_RULES)]),
  );
  return added === 1;
}

/** The copy that edges read. Undefined if Redis was emptied. */
export async function readCopiedRules(redis: Redis, keys: Keys): Promise<RuleTexts | undefined> {
  const copied = await onRules(redis, keys, () => readHash(redis, keys.rules));
  if (copied.size === 0) return undefined;
  const version = Number(copied.get(VERSION_FIELD) ?? 0);
  copied.delete(VERSION_FIELD);
  return { version, texts: [...copied.values()] };
}

/** The copy in Redis, as field → text. */
export const readCopy = (config: RedisConfig): Promise<Map<string, string>> =>
  inBackground(config, (redis, keys) => readHash(redis, keys.rules));
