// Versioned hash fields. A value is stored as "<version> <json>". An older version never overwrites a newer one,
// however messages are repeated or reordered.
import type { Redis } from "@upstash/redis/cloudflare";
import { log } from "../observability/log.ts";
import type { Keys } from "./keys.ts";

/** One field to write. */
export interface VersionedField {
  key: string;
  field: string;
  version: number;
  value: unknown;
}

/**
 * Start of scripts that use the Lua function `write_newer(lost, key, field, version, text)`. It returns true if it
 * wrote. A bad value does not affect other values: a key of another type is replaced by a hash and added to the lost
 * keys, and a stored text that is not JSON counts as having no version. `bad` counts both.
 */
export const WRITE_NEWER = `
local bad = 0
local function write_newer(lost, key, field, version, text)
  local stored = redis.pcall('HGET', key, field)
  if type(stored) == 'table' then
    bad = bad + 1
    redis.call('DEL', key)
    if type(redis.pcall('SADD', lost, key)) == 'table' then
      redis.call('DEL', lost)
      redis.call('SADD', lost, key)
    end
    stored = false
  end
  local known, json = string.match(stored or '', '^(%d+) (.*)$')
  known = tonumber(known or -1)
  if known >= tonumber(version) and not pcall(cjson.decode, json) then
    bad = bad + 1
    known = -1
  end
  if known >= tonumber(version) then return false end
  redis.call('HSET', key, field, text)
  return true
end`;

/**
 * KEYS            the set of lost keys, then the hash of each field
 * ARGV[3i-2..3i]  field, version, stored text
 * returns         number of fields written (the others were as new already), number of bad values
 */
const WRITE_ALL = `${WRITE_NEWER}
local written = 0
for i = 1, #KEYS - 1 do
  if write_newer(KEYS[1], KEYS[i+1], ARGV[3*i-2], ARGV[3*i-1], ARGV[3*i]) then written = written + 1 end
end
return {written, bad}`;

export const textOf = (version: number, value: unknown): string =>
  `${version} ${JSON.stringify(value)}`;

/** Writes the fields that are newer than what is stored, in one command and one round trip. */
export async function writeNewer(
  redis: Redis,
  keys: Keys,
  fields: VersionedField[],
): Promise<number> {
  if (fields.length === 0) return 0;
  const [written, bad] = await redis.createScript<[number, number]>(WRITE_ALL).exec(
    [keys.lost, ...fields.map(({ key }) => key)],
    fields.flatMap(({ field, version, value }) => [field, String(version), textOf(version, value)]),
  );
  reportBad(bad);
  return written;
}

/** Logs values that `WRITE_NEWER` replaced. */
export function reportBad(bad: number): void {
  if (bad > 0) log("redis.bad_value", { step: "write", count: bad });
}

/** Parses a stored text. An unreadable text counts as absent, because the source has the value. */
export function readVersioned(
  text: string | null,
): { version: number; value: unknown } | undefined {
  const match = text?.match(/^(\d+) (.*)$/s);
  if (!match) return undefined;
  try {
    return { version: Number(match[1]), value: JSON.parse(match[2] as string) };
  } catch {
    return undefined;
  }
}
