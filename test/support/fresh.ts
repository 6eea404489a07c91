// Before each file: no object, no alarm, no key and no memory of what the files before it did.
import { reset } from "cloudflare:test";
import { beforeAll } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { resetMemories } from "../../src/memory.ts";
import { emptyRedis, redisIsBack } from "./redis.ts";

beforeAll(async () => {
  await reset();
  await redisIsBack();
  await emptyRedis();
  dropSnapshot();
  resetMemories();
});
