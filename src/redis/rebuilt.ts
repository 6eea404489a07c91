// Which ledgers' orders Redis has been given since it was emptied: until it has all of them, it may lack orders.
import type { Redis } from "@upstash/redis/cloudflare";
import { healed } from "./bad-values.ts";
import { readHash } from "./client.ts";
import type { Keys } from "./keys.ts";

/** The field that stands for all ledgers. Not a SKU id. */
export const ALL_SKUS = "*";
/** The field that names the run which is copying: gone when Redis was emptied meanwhile. Not a SKU id. */
const RUN = "#run";

/** Names of the ledgers whose orders were copied, `ALL_SKUS` among them if that is all. */
export async function readRebuilt(redis: Redis, keys: Keys): Promise<Set<string>> {
  const fields = await healed(redis, keys, [{ key: keys.rebuilt, type: "hash" }], () =>
    readHash(redis, keys.rebuilt),
  );
  return new Set(fields.keys());
}

/** Begins a run; what an earlier one is still copying is not noted any more. */
export const beginRun = (redis: Redis, keys: Keys, run: string): Promise<unknown> =>
  redis.hset(keys.rebuilt, { [RUN]: run });

/**
 * KEYS[1]  the names of the ledgers that were copied
 * ARGV     the field of the run, the run, then names
 * returns  1 when they are noted; 0 when Redis was emptied since the run began, and what it copied with it
 */
const NOTE_COPIED = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], 1) end
return 1`;

/** Notes ledgers whose orders a run copied; false when that may be lost again. */
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
 * KEYS[1]  the names of the ledgers that were copied
 * ARGV     the name for all, then all
 * returns  1 when all were copied, which is noted; 0 when Redis was emptied meanwhile
 */
const NOTE_ALL = `
for i = 2, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], 1)
return 1`;

/** Notes that these are all ledgers there are; false when one of them was not copied, or was lost again. */
export async function noteAllRebuilt(redis: Redis, keys: Keys, skuIds: string[]): Promise<boolean> {
  const noted = redis.createScript<number>(NOTE_ALL).exec([keys.rebuilt], [ALL_SKUS, ...skuIds]);
  return (await noted) === 1;
}
