// Copies in Redis of what the registry decides.
import type { Redis } from "@upstash/redis/cloudflare";
import { causeOf, log } from "../observability/log.ts";
import {
  BACKGROUND_LIMIT_MS,
  INTERACTIVE_LIMIT_MS,
  type RedisConfig,
  withRedis,
} from "./client.ts";
import type { Keys } from "./keys.ts";

/** What a change answers when `reachesEdges` said no. */
export const NOT_COPIED =
  "The change is registered, but Redis takes no writes, so edges go on with what was before. It is copied within a minute of Redis taking writes again";

/**
 * Writes to a copy, for edges to read. While Redis answers no reads either, edges ask the registry, so nothing
 * is missing.
 *
 * @returns false when edges go on reading what was before
 */
export async function reachesEdges(
  config: RedisConfig,
  write: (redis: Redis, keys: Keys) => Promise<unknown>,
): Promise<boolean> {
  try {
    await withRedis(config, BACKGROUND_LIMIT_MS, write);
    return true;
  } catch (error) {
    log("redis.copy_failed", { cause: causeOf(error) });
    return withRedis(config, INTERACTIVE_LIMIT_MS, (redis) => redis.ping()).then(
      () => false,
      () => true,
    );
  }
}
