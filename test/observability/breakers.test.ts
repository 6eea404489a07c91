// The state of the breakers as operators see it: merged from all isolates.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { breakersOf } from "../../src/observability/breakers.ts";
import { setWorst } from "../../src/observability/metrics.ts";
import { withRedis } from "../../src/redis/client.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { metrics } from "../support/metrics.ts";
import { clearRedisFault, redisIsBack, redisIsDown } from "../support/redis.ts";

const ping = () => withRedis(requireConfig(env), "redis", (redis) => redis.ping());
const fails = () => expect(ping()).rejects.toThrow();
const breaker = async (name: string) =>
  breakersOf(await metrics()).find((each) => each.name === name);
/** A time at which a span of five seconds starts. */
const START = Math.ceil(Date.now() / 5_000) * 5_000 + 600_000;

beforeEach(redisIsBack);

test("shows how long a breaker has been open through failed probes, and that it closed", async () => {
  const clock = givenClock(START);
  await redisIsDown();
  for (let i = 0; i < 5; i += 1) await fails();
  expect(await breaker("redis")).toMatchObject({ state: "open", openSeconds: 0 });

  clock.moveTo(START + 40_000);
  await fails();
  expect(await breaker("redis")).toMatchObject({ state: "open", openSeconds: 40 });
  const overview = await admin<{ openBreakers: object[] }>("GET", "/overview");
  expect(overview.body.openBreakers).toContainEqual({
    name: "redis",
    state: "open",
    openSeconds: 40,
  });

  await clearRedisFault();
  clock.moveTo(START + 44_000);
  for (let i = 0; i < 8; i += 1) expect(await ping()).toBe("PONG");
  expect(await breaker("redis")).toEqual({ name: "redis", state: "closed", openSeconds: 0 });
});

/** An isolate's report of its breaker. */
async function report(level: number, openSeconds: number): Promise<void> {
  setWorst("breaker_state", level, "shared");
  setWorst("breaker_open_seconds", openSeconds, "shared");
  await metrics(); // sends it
}

test("shows the worst of all isolates, whichever reports last", async () => {
  const clock = givenClock(START + 100_000);
  await report(2, 35);
  await report(1, 3);
  expect(await breaker("shared")).toMatchObject({ state: "open", openSeconds: 35 });
  await report(0, 0);
  clock.moveTo(START + 105_000);
  await report(2, 40); // another isolate still reports
  expect(await breaker("shared")).toMatchObject({ state: "open", openSeconds: 40 });
});

test("shows a breaker as closed that no isolate has reported for 90 seconds", async () => {
  const clock = givenClock(START + 200_000);
  await report(2, 35);
  clock.moveTo(START + 290_000);
  expect(await breaker("shared")).toMatchObject({ state: "open" });
  clock.moveTo(START + 295_001);
  expect(await breaker("shared")).toMatchObject({ state: "closed", openSeconds: 0 });
});
