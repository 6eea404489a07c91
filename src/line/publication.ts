// The published line in Redis, which edges read.
import { lineField } from "../admission/client.ts";
import type { PublishedLine } from "../admission/public-line.ts";
import { healed } from "../redis/bad-values.ts";
import { type RedisConfig, withRedis } from "../redis/client.ts";

/**
 * Publishes a sale's line, or removes it. Costs one command.
 *
 * @throws if Redis is slow or down. Edges then ask the object.
 */
export async function publishLine(
  config: RedisConfig,
  saleId: string,
  published: PublishedLine | null,
): Promise<void> {
  const field = lineField(saleId);
  await withRedis(config, "redis", (redis, keys) =>
    healed<unknown>(redis, keys, [{ key: keys.live, type: "hash" }], () =>
      published
        ? redis.hset(keys.live, { [field]: JSON.stringify(published) })
        : redis.hdel(keys.live, field),
    ),
  );
}
