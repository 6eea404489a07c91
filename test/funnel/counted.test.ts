// Counters of the funnel in the operator's overview, per stage, reason, and sale.

import { beforeAll, beforeEach, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, unique } from "../support/shop.ts";
import { attempt, givenSale } from "./scene.ts";

beforeAll(emptyRedis);
beforeEach(() => void captureQueue());

test("counts passed and refused attempts per stage, reason, and sale", async () => {
  givenClock(Date.now()); // frozen, so that all attempts count in one window
  const sale = await givenSale({
    limits: { order: { user: { limit: 1, windowSeconds: 3_600 } } },
    challenge: { mode: "off" },
  });
  const [buyer, mallory] = [await aBuyer(), await aBuyer()];
  await admin("PUT", `/denylist/user/${mallory.id}`);
  await attempt(buyer, sale);
  await attempt(buyer, sale);
  await attempt(mallory, sale);
  await attempt({ token: "forged" }, sale);
  await call("POST", `/api/skus/${sale.skuId}/orders`, { token: buyer.token, body: {} });

  const { saleId } = sale;
  expect(await counted(`funnel_passed|${saleId}`)).toBe(1);
  expect(await counted(`funnel_refused|limits|rate_limited|${saleId}`)).toBe(1);
  expect(await counted(`funnel_refused|denied|blocked|${saleId}`)).toBe(1);
  expect(await counted(`funnel_refused|identity|unauthenticated|${saleId}`)).toBe(1);
  expect(await counted(`funnel_refused|shape|invalid_request|${saleId}`)).toBe(1);
});

test("counts the outcomes of attempts that reached the object", async () => {
  const { saleId, skuId } = await givenSale({}, { stock: 1, perUserLimit: 1 });
  const [winner, loser, key] = [await aBuyer(), await aBuyer(), unique("key")];
  await attempt(winner, { skuId }, { key });
  await attempt(winner, { skuId }, { key });
  await attempt(winner, { skuId });
  await attempt(loser, { skuId });
  for (const outcome of ["accepted", "replayed", "user_limit_reached", "sold_out"]) {
    expect(await counted(`orders|${outcome}|${saleId}`)).toBe(1);
  }
});

test("shows the overview to the operator only", async () => {
  const stranger = await call("GET", "/api/admin/overview");
  expect(stranger.code).toBe("unauthenticated");
  expect(contractFaults(stranger)).toEqual([]);
  const { status, headers, body } = await admin("GET", "/overview");
  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(body).toMatchObject({ breakers: { redis: "closed" }, generatedAt: expect.any(String) });
});
