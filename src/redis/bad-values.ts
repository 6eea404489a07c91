// Repairs a single bad value in Redis: a key of another type, or a field that cannot be read. Redis itself works, so
// this is not an outage: the value is logged, removed, and written again from its source.
import type { Redis } from "@upstash/redis/cloudflare";
import { causeOf, log } from "../observability/log.ts";
import type { Keys } from "./keys.ts";

/** Errors about Redis as a whole. A script passes them on. */
const OUTAGE =
  /\b(READONLY|OOM|MISCONF|NOAUTH|NOPERM|LOADING|BUSY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN)\b/;
/** Errors about one value, from a command or from a script. */
const ABOUT_VALUE =
  /\bWRONGTYPE\b|value is not (an integer|a valid float)|attempt to (perform|compare|concatenate|index)/;

/** Whether Redis answered and rejected one value. */
export function isAboutValue(error: unknown): boolean {
  const cause = causeOf(error);
  return ABOUT_VALUE.test(cause) && !OUTAGE.test(cause);
}

/**
 * KEYS[1]  the key
 * KEYS[2]  the set of lost keys
 * ARGV[1]  the type that the key should have
 * returns  1 if the key had another type and was removed
 */
const REMOVE_UNLESS = `
local found = redis.call('TYPE', KEYS[1]).ok
if found == ARGV[1] or found == 'none' then return 0 end
redis.call('DEL', KEYS[1])
if KEYS[1] ~= KEYS[2] then redis.call('SADD', KEYS[2], KEYS[1]) end
return 1`;

/**
 * Runs `work` on some keys. If one of them has another type, it is logged and removed, and `work` runs again, as if
 * Redis had been emptied.
 */
export async function healed<T>(
  redis: Redis,
  keys: Keys,
  typed: { key: string; type: "hash" | "set" | "zset" }[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAboutValue(error)) throw error;
    log("redis.bad_value", { cause: causeOf(error) });
    await removeUnless(redis, keys, keys.lost, "set");
    for (const { key, type } of typed) await removeUnless(redis, keys, key, type);
    return work();
  }
}

const removeUnless = (redis: Redis, keys: Keys, key: string, type: string): Promise<number> =>
  redis.createScript<number>(REMOVE_UNLESS).exec([key, keys.lost], [type]);

/** A hash field with an unreadable text, and its replacement. Null: the field is deleted. */
export interface BadField {
  key: string;
  field: string;
  bad: string;
  text: string | null;
}

/**
 * KEYS[i]         hash of the i-th field
 * ARGV[4i-3..4i]  field, bad text, 1 if there is a replacement, replacement
 * Leaves fields alone whose text has changed meanwhile.
 */
const REPLACE_BAD = `
for i, key in ipairs(KEYS) do
  local field, bad, has, text = ARGV[4*i-3], ARGV[4*i-2], ARGV[4*i-1], ARGV[4*i]
  if redis.pcall('HGET', key, field) == bad then
    if has == '1' then redis.call('HSET', key, field, text) else redis.call('HDEL', key, field) end
  end
end
return #KEYS`;

/** Logs unreadable fields and replaces them. */
export async function replaceBad(redis: Redis, name: string, fields: BadField[]): Promise<void> {
  if (fields.length === 0) return;
  log("redis.bad_value", { step: name, count: fields.length, cause: "the field cannot be read" });
  await redis.createScript(REPLACE_BAD).exec(
    fields.map(({ key }) => key),
    fields.flatMap(({ field, bad, text }) => [field, bad, text === null ? "0" : "1", text ?? ""]),
  );
}
