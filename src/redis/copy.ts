// Writes the registry's decisions to their copies in Redis.
import type { Redis } from "@upstash/redis/cloudflare";
import { causeOf, log } from "../observability/log.ts";
import { type RedisConfig, withRedis } from "./client.ts";
import type { Keys } from "./keys.ts";

/** The detail of the answer if `reachesEdges` returns false. */
export const NOT_COPIED =
  "The change is registered, but Redis accepts no writes, so edges still use the previous state. It is copied within a minute after Redis accepts writes again";

/**
 * Writes to a copy that edges read. If Redis cannot be read either, edges read the registry, so they miss nothing.
 *
 * @returns false if edges still read the previous state
 */
export async function reachesEdges(
  config: RedisConfig,
  write: (redis: Redis, keys: Keys) => Promise<unknown>,
): Promise<boolean> {
  try {
    await withRedis(config, "redis-background", write);
    return true;
  } catch (error) {
    log("redis.copy_failed", { cause: causeOf(error) });
    return withRedis(config, "redis", (redis) => redis.ping()).then(
      () => false,
      () => true,
    );
  }
}
