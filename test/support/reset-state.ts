// Before each file: no object, no alarm, no key, no cached copy and no memory of what the files before it did.
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

/** Workerd cannot empty its cache: each file gets one that no file has used. */
async function emptyColo(): Promise<void> {
  const colo = await caches.open(crypto.randomUUID());
  Object.defineProperty(caches, "default", { value: colo, configurable: true });
}
