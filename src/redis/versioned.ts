// Versioned hash fields: a value is stored as "<version> <json>", and an older version never
// overwrites a newer one, however messages are repeated or reordered.
import type { Redis } from "@upstash/redis/cloudflare";

/** One field to write. `expireSeconds` renews the life of the whole hash; absent: keep for ever. */
export interface VersionedField {
  key: string;
  field: string;
  version: number;
  value: unknown;
  expireSeconds?: number;
}

/**
 * KEYS[i]          hash of the i-th field
 * ARGV[4i-3..4i]   field, version, stored text, seconds to live (0: for ever)
 * returns          how many fields were written; the others were already as new
 */
const WRITE_NEWER = `
local written = 0
for i, key in ipairs(KEYS) do
  local field, version, text, ttl = ARGV[4*i-3], tonumber(ARGV[4*i-2]), ARGV[4*i-1], tonumber(ARGV[4*i])
  local known = tonumber(string.match(redis.call('HGET', key, field) or '', '^(%d+) ') or -1)
  if known < version then
    redis.call('HSET', key, field, text)
    if ttl > 0 then redis.call('EXPIRE', key, ttl) end
    written = written + 1
  end
end
return written`;

/** Writes all fields that are newer than what is stored, in one command and one round trip. */
export async function writeNewer(redis: Redis, fields: VersionedField[]): Promise<number> {
  if (fields.length === 0) return 0;
  const args = fields.flatMap(({ field, version, value, expireSeconds }) => [
    field,
    String(version),
    `${version} ${JSON.stringify(value)}`,
    String(expireSeconds ?? 0),
  ]);
  return redis.createScript<number>(WRITE_NEWER).exec(
    fields.map(({ key }) => key),
    args,
  );
}

/** Takes a stored text apart again. A text that is not ours reads as absent: the ledger knows better. */
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
