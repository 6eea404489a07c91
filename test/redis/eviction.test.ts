// An object that has made its calls sleeps: no timer of a call keeps it awake, however long the limit of that call is.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { QUICKNET } from "../../src/admission/beacon-chain.ts";
import { requireConfig } from "../../src/config/config.ts";
import { postSigned } from "../../src/http/signed-post.ts";
import { fetchRound } from "../../src/line/beacon.ts";
import { withRedis } from "../../src/redis/client.ts";
import { services } from "../support/redis.ts";

/** Longer than a test may take, so that a timer that goes on makes it fail. */
const LIMIT_MS = 600_000;
const CALLS = 50;

const limits = { limitMs: LIMIT_MS };
const config = () => {
  const known = requireConfig(env);
  const { redis, beacon } = known.BREAKERS;
  return {
    ...known,
    BREAKERS: {
      ...known.BREAKERS,
      redis: { ...redis, ...limits },
      beacon: { ...beacon, ...limits },
    },
  };
};

test.each<[string, () => Promise<unknown>]>([
  ["Redis", () => withRedis(config(), "redis", (redis) => redis.ping())],
  [
    "Redis that refuses a command",
    () =>
      withRedis(config(), "redis", (redis) => redis.eval("return nil + 1", [], [])).catch(String),
  ],
  ["a relay of the beacon", () => fetchRound(config(), QUICKNET, 1)],
  [
    "a webhook",
    () => postSigned({ url: services.UPSTASH_REDIS_REST_URL, secrets: [], ...limits }, "id", {}),
  ],
])("an object can be evicted right after many calls of %s", async (_, call) => {
  const stub = env.SKU_INVENTORY.getByName(crypto.randomUUID());
  await runInDurableObject(stub, async () => {
    for (let made = 0; made < CALLS; made += 1) await call();
    await Promise.all(Array.from({ length: CALLS }, call));
  });

  await evictDurableObject(stub);

  expect(await stub.report()).toBeNull();
});
