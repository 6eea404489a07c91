// Resets all state before each test file: objects, alarms, Redis, the colo's cache, and the memories of the isolate.
import { reset } from "cloudflare:test";
import { beforeAll } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { resetMemories } from "../../src/edge/memory.ts";
import { emptyRedis, redisIsBack } from "./redis.ts";

beforeAll(async () => {
  await reset();
  await redisIsBack();
  await emptyRedis();
  await emptyColo();
  dropSnapshot();
  resetMemories();
});

/** workerd cannot clear its cache, so each file gets a new one. */
async function emptyColo(): Promise<void> {
  const colo = await caches.open(crypto.randomUUID());
  Object.defineProperty(caches, "default", { value: colo, configurable: true });
}
