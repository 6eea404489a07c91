// What `redisCost` counts: the measured requests, whatever else uses Redis meanwhile.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { withRedis } from "../../src/redis/client.ts";
import { givenClock } from "./clock.ts";
import { call } from "./http.ts";
import { emptyRedis, redisCost } from "./redis.ts";
import { aBuyer, bought, onSale, settled, stockPublished } from "./shop.ts";

const ping = () => withRedis(requireConfig(env), "redis-background", (redis) => redis.ping());

test("counts no publication, no consumer, and no earlier work that runs meanwhile", async () => {
  await emptyRedis();
  const skuId = await onSale();
  const start = Promise.withResolvers<void>();
  const earlier = start.promise.then(ping);
  await bought(await aBuyer(), skuId);

  const { commands, roundTrips } = await redisCost(async () => {
    start.resolve();
    await earlier;
    await stockPublished(skuId, 9);
    await settled(skuId);
  });

  expect({ commands, roundTrips }).toEqual({ commands: 0, roundTrips: 0 });
});

test("counts each command of the work itself and of the requests that it sends", async () => {
  givenClock(Date.now());
  await call("GET", "/readyz");
  givenClock(Date.now() + 60_000);
  const { commands } = await redisCost(() => call("GET", "/readyz"));
  expect(commands).toBeGreaterThan(0);
  expect((await redisCost(ping)).commands).toBe(1);
  const batch = () =>
    withRedis(requireConfig(env), "redis-background", (redis) =>
      Promise.all([redis.get("a"), redis.get("b")]),
    );
  expect(await redisCost(batch)).toMatchObject({ roundTrips: 1, commands: 2 });
});
