// Tracks which ledgers were copied to Redis since it was emptied. Until all of them are, Redis may lack orders.
import type { Redis } from "@upstash/redis/cloudflare";
import { healed } from "./bad-values.ts";
import { readHash } from "./client.ts";
import type { Keys } from "./keys.ts";

/** The field that represents all ledgers. Not a valid SKU id. */
export const ALL_SKUS = "*";
/** The field with the id of the current run. Missing if Redis was emptied meanwhile. Not a valid SKU id. */
const RUN = "#run";

/** The SKUs whose ledgers were copied. Includes `ALL_SKUS` if that is all of them. */
export async function readRebuilt(redis: Redis, keys: Keys): Promise<Set<string>> {
  const fields = await healed(redis, keys, [{ key: keys.rebuilt, type: "hash" }], () =>
    readHash(redis, keys.rebuilt),
  );
  return new Set(fields.keys());
}

/** Begins a run. An earlier run that still copies can no longer note anything. */
export const beginRun = (redis: Redis, keys: Keys, run: string): Promise<unknown> =>
  redis.hset(keys.rebuilt, { [RUN]: run });

/**
 * KEYS[1]  the hash of copied ledgers
 * ARGV     field of the run, id of the run, then SKU ids
 * returns  1 if they were noted, 0 if Redis was emptied since the run began
 */
const NOTE_COPIED = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], 1) end
return 1`;

/** Notes the ledgers that a run copied. Returns false if the copies may be lost again. */
export async function noteRebuilt(
  redis: Redis,
  keys: Keys,
  run: string,
  skuIds: string[],
): Promise<boolean> {
  const noted = redis.createScript<number>(NOTE_COPIED).exec([keys.rebuilt], [RUN, run, ...skuIds]);
  return (await noted) === 1;
}

/**
 * KEYS[1]  the hash of copied ledgers
 * ARGV     field for all ledgers, then all SKU ids
 * returns  1 if all were copied, which is noted, 0 if Redis was emptied meanwhile
 */
const NOTE_ALL = `
for i = 2, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], 1)
return 1`;

/** Notes that all ledgers were copied. Returns false if one of them was not copied, or was lost again. */
export async function noteAllRebuilt(redis: Redis, keys: Keys, skuIds: string[]): Promise<boolean> {
  const noted = redis.createScript<number>(NOTE_ALL).exec([keys.rebuilt], [ALL_SKUS, ...skuIds]);
  return (await noted) === 1;
}
