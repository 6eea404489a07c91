// Redis is gone: every page and the catalog's API still answer, for as long as is promised; and what they
// cost while it is there.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readCounters } from "../../src/observability/metrics.ts";
import { givenClock } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { holdQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsBack, redisIsDown, redisIsSlow } from "../support/redis.ts";
import { aSale, aSku, noLiveStock, putSale } from "../support/shop.ts";

const MINUTE_MS = 60_000;
let moments = 0;

beforeAll(holdQueue);
beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  noLiveStock();
});

/** Given a sale for days, and a clock that stands still. */
async function given() {
  moments += 1;
  const start = Date.now() + moments * 86_400_000;
  const clock = givenClock(start);
  const sale = await putSale(
    aSale({ skus: [aSku()], closesAt: new Date(start + 7 * 86_400_000).toISOString() }),
  );
  const paths = ["/", `/sales/${sale.id}`, "/api/sales", `/api/sales/${sale.id}`];
  return { start, clock, sale, paths };
}

describe.each([
  ["down", () => redisIsDown()],
  ["slow", () => redisIsSlow(5_000)],
] as const)("while Redis is %s", (_, breakRedis) => {
  test("pages and catalog answer for an hour and longer, and each stale answer is counted", async () => {
    const { start, clock, sale, paths } = await given();
    for (const path of paths) await call("GET", path);
    await breakRedis();
    const counted = () => readCounters()["stale|catalog"] ?? 0;
    const before = counted();
    for (const minutes of [1, 30, 59, 61, 600]) {
      clock.moveTo(start + minutes * MINUTE_MS);
      for (const path of paths) {
        const { status, body } = await call("GET", path);
        expect(status).toBe(200);
        expect(JSON.stringify(body)).toContain(sale.id);
      }
    }
    expect(counted()).toBeGreaterThan(before);
  });
});

test("the live stock says so when it cannot be told any more, and no cache may go on telling it", async () => {
  const { start, clock, sale } = await given();
  const path = `/api/sales/${sale.id}/live`;
  const before = await call("GET", path);
  expect(before.headers.get("cache-control")).toBe("public, max-age=1, stale-if-error=0");
  await redisIsDown();
  clock.moveTo(start + MINUTE_MS - 1);
  expect((await call("GET", path)).body).toMatchObject({ asOf: before.body.asOf });
  clock.moveTo(start + MINUTE_MS);
  expect(await call("GET", path)).toMatchObject({ status: 503, code: "unavailable" });
});

test("what is in memory costs no Redis command: page, its HEAD, its 304, catalog, live stock", async () => {
  const { sale, paths } = await given();
  const all = [...paths, `/api/sales/${sale.id}/live`];
  for (const path of all) await call("GET", path);
  const etag = (await call("GET", paths[1] as string)).headers.get("etag") ?? "";

  const { result, commands } = await redisCost(async () => [
    ...(await Promise.all(all.map((path) => call("GET", path)))),
    await call("HEAD", paths[1] as string),
    await call("GET", paths[1] as string, { headers: { "if-none-match": etag } }),
  ]);

  expect(result.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 304]);
  expect(commands).toBe(0);
});
