// The rules in Redis: a copy of the operator's rules, which edges read, and the automatic blocks, which are stored
// nowhere else.
import type { Redis } from "@upstash/redis/cloudflare";
import { healed } from "../redis/bad-values.ts";
import { type RedisConfig, readHash, withRedis } from "../redis/client.ts";
import { type Keys, RULES_FIELD } from "../redis/keys.ts";
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
 * Start of every script that changes the rules. Edges read them again because of the mark.
 *
 * KEYS[1]    the rules
 * KEYS[2]    what edges poll
 * ARGV[1..2] the field of the mark, and a new one
 */
const MARK = `
local function mark() redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end`;

/**
 * KEYS, ARGV[1..2]  see `MARK`
 * ARGV[3..]         field, text, the maximum number of rules
 * returns           1, or 0 if the maximum is reached
 */
const ADD_UNLESS_FULL = `${MARK}
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
mark()
return 1`;

/**
 * KEYS, ARGV[1..2]  see `MARK`
 * ARGV[3]           how many fields are written
 * ARGV[4..]         field, text, field, text …: those that are written, then those that are removed if they still have this
 *                   text
 */
const CORRECT = `${MARK}
for i = 4, #ARGV, 2 do
  if i < 4 + 2 * tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i+1])
  elseif redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i+1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
if #ARGV > 3 or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then mark() end
return 1`;

/**
 * KEYS, ARGV[1..2]  see `MARK`
 * ARGV[3..4]        the field of the version, and the version of the operator's rules after the change
 * ARGV[5..6]        the field to write and its text; with an empty field, none is written
 * ARGV[7..]         the fields to remove
 * returns           the number of removed fields, and the version before the change
 */
const CHANGE = `${MARK}
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[3]) or '') or 0
if before < tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], ARGV[3], ARGV[4]) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], ARGV[5], ARGV[6]) end
local removed = 0
for i = 7, #ARGV do removed = removed + redis.call('HDEL', KEYS[1], ARGV[i]) end
mark()
return {removed, before}`;

/** Runs one of the scripts with what follows the mark. */
const run = <T>(redis: Redis, keys: Keys, script: string, ...args: string[]): Promise<T> =>
  redis
    .createScript<T>(script)
    .exec([keys.rules, keys.live], [RULES_FIELD, crypto.randomUUID(), ...args]);

/** Runs `work` on the rules in Redis. If a key is not a hash, removes it and runs `work` again. */
const onRules = <T>(
  redis: Redis,
  keys: Keys,
  work: (redis: Redis, keys: Keys) => Promise<T>,
): Promise<T> => {
  const typed = [keys.rules, keys.live].map((key) => ({ key, type: "hash" }) as const);
  return healed(redis, keys, typed, () => work(redis, keys));
};

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
  onRules(redis, keys, () => {
    const fields = [...(written ?? ["", ""]), ...removed];
    return run(redis, keys, CHANGE, VERSION_FIELD, String(version), ...fields);
  });

/**
 * Writes the fields in `missing`, and removes those in `stale` that still have the given text. Both are pairs of field
 * and text. Sets the mark if there is none.
 */
export const correctCopy = (
  config: RedisConfig,
  missing: (readonly [string, string])[],
  stale: (readonly [string, string])[],
): Promise<void> =>
  inBackground(config, (redis, keys) => {
    const fields = [...missing, ...stale].flat();
    return run(redis, keys, CORRECT, String(missing.length), ...fields);
  });

/** Stores an automatic block. Returns false if there are too many rules already. */
export async function saveAutomaticBlock(config: RedisConfig, rule: Rule): Promise<boolean> {
  const added = await inBackground(config, (redis, keys) =>
    run(
      redis,
      keys,
      ADD_UNLESS_FULL,
      ...[automaticField(rule), JSON.stringify(rule), String(MAX_RULES)],
    ),
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
