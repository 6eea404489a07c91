// Resets all state that tests share.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { allBreakers } from "../../src/edge/breaker.ts";
import { resetMemories } from "../../src/edge/memory.ts";
import { flusher } from "../../src/observability/flush.ts";
import { SHARDS } from "../../src/observability/shard-client.ts";
import { acceptMessages, consumersAreIdle, dropMessages } from "./queues-of-file.ts";
import { emptyRedis, redisIsBack } from "./redis.ts";

/** Leaves a Worker without sales, orders, rules and money, and queues without messages. */
export async function resetState(): Promise<void> {
  dropMessages();
  // What the last file counted would otherwise be sent after the objects were emptied.
  await flusher.flush();
  await wakeStores();
  await reset();
  await consumersAreIdle();
  await redisIsBack();
  await emptyRedis();
  await emptyColo();
  dropSnapshot();
  resetMemories();
  for (const breaker of allBreakers().values()) breaker.reset();
  acceptMessages();
}

/**
 * Wakes the objects that keep their names, because `reset` empties only objects that are awake. Every SKU has a name of
 * its own.
 */
async function wakeStores(): Promise<void> {
  const stores = [
    env.SALE_REGISTRY.getByName("registry"),
    env.SANDBOX_BANK.getByName("bank"),
    env.ALERT_WATCH.getByName("alerts"),
    env.WEBHOOK_DESK.getByName("desk"),
    ...Array.from({ length: SHARDS }, (_, shard) => env.METRICS.getByName(`shard-${shard}`)),
  ];
  await Promise.all(stores.map((store) => runInDurableObject(store, () => {})));
}

/** workerd cannot clear its cache, so each file gets a new one. */
async function emptyColo(): Promise<void> {
  const colo = await caches.open(crypto.randomUUID());
  Object.defineProperty(caches, "default", { value: colo, configurable: true });
}
