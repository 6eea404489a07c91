// One bad value of ours in Redis: a key of another type, a field nobody can read. Redis works and the
// neighbors are fine, so it is no outage: the value is reported, removed and written again from its source.
import type { Redis } from "@upstash/redis/cloudflare";
import { causeOf, log } from "../observability/log.ts";
import type { Keys } from "./keys.ts";

/** Redis refuses everything, whichever value is asked for; a script repeats the word. */
const OUTAGE =
  /\b(READONLY|OOM|MISCONF|NOAUTH|NOPERM|LOADING|BUSY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN)\b/;
/** What Redis, or a script in it, says of one value. */
const ABOUT_VALUE =
  /\bWRONGTYPE\b|value is not (an integer|a valid float)|attempt to (perform|compare|concatenate|index)/;

/** Whether Redis answered, and complained about one value of those it was asked for. */
export function isAboutValue(error: unknown): boolean {
  const cause = causeOf(error);
  return ABOUT_VALUE.test(cause) && !OUTAGE.test(cause);
}

/**
 * KEYS[1]  a key of ours
 * KEYS[2]  the keys that were lost
 * ARGV[1]  the type it should have
 * returns  1 if it had another one and is gone
 */
const REMOVE_UNLESS = `
local found = redis.call('TYPE', KEYS[1]).ok
if found == ARGV[1] or found == 'none' then return 0 end
redis.call('DEL', KEYS[1])
if KEYS[1] ~= KEYS[2] then redis.call('SADD', KEYS[2], KEYS[1]) end
return 1`;

/**
 * Runs `work` on some keys. Those that hold another type are reported and removed, and `work` runs again, as
 * after an emptied Redis.
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

/** A field of a hash that holds a text nobody can read, and what belongs there; null: nothing. */
export interface BadField {
  key: string;
  field: string;
  bad: string;
  text: string | null;
}

/**
 * KEYS[i]          hash of the i-th field
 * ARGV[4i-3..4i]   field, the bad text, 1 if something belongs there, what
 * A field that holds another text by now is left alone.
 */
const REPLACE_BAD = `
for i, key in ipairs(KEYS) do
  local field, bad, has, text = ARGV[4*i-3], ARGV[4*i-2], ARGV[4*i-1], ARGV[4*i]
  if redis.pcall('HGET', key, field) == bad then
    if has == '1' then redis.call('HSET', key, field, text) else redis.call('HDEL', key, field) end
  end
end
return #KEYS`;

/** Reports fields that nobody can read, and puts there what belongs there. */
export async function replaceBad(redis: Redis, name: string, fields: BadField[]): Promise<void> {
  if (fields.length === 0) return;
  log("redis.bad_value", { step: name, count: fields.length, cause: "the field cannot be read" });
  await redis.createScript(REPLACE_BAD).exec(
    fields.map(({ key }) => key),
    fields.flatMap(({ field, bad, text }) => [field, bad, text === null ? "0" : "1", text ?? ""]),
  );
}
