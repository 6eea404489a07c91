// The flood shield: its refusals, its failures, and the rate-limit headers before the limits are counted.

import { beforeAll, beforeEach, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import { aBuyer, type Buyer, suppressLiveStock } from "../support/shop.ts";
import { anAddress, attempt, behindShield, givenSale, orderRequest, type Scene } from "./scene.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

/** Sends attempts to buy through a test shield. */
function behind(passes: (key: string) => boolean) {
  const send = behindShield(passes);
  return (buyer: Pick<Buyer, "token">, sale: Scene, from: string) =>
    send(orderRequest(buyer, sale, { from }));
}

test("a failing shield refuses no one, and the failure is counted", async () => {
  const before = await counted("shield_failed");
  const sale = await givenSale();
  const buy = behind(() => {
    throw new Error("no shield today");
  });

  expect((await buy(await aBuyer(), sale, anAddress())).status).toBe(202);
  expect(await counted("shield_failed")).toBe(before + 1);
});

test("a refusal by the shield reports no remaining requests and when to retry", async () => {
  const sale = await givenSale();
  const { status, headers } = await behind(() => false)(await aBuyer(), sale, anAddress());
  expect(status).toBe(429);
  expect(headers.get("retry-after")).toBe("10");
  expect(headers.get("ratelimit")).toBe('"user";r=0;t=10');
  expect(headers.get("x-ratelimit-remaining")).toBe("0");
});

test("a refusal before the limits reports what is left of them", async () => {
  givenClock(Date.now()); // frozen, so that all attempts count in one window
  const sale = await givenSale();
  const buyer = await aBuyer();
  for (let i = 0; i < 3; i += 1) await attempt(buyer, sale);
  await admin("PUT", `/denylist/user/${buyer.id}`);

  const { code, headers } = await attempt(buyer, sale);

  expect(code).toBe("blocked");
  expect(headers.get("ratelimit")).toMatch(/^"user";r=17;/);
});

test("a forged token from a denied network is blocked before its signature is checked", async () => {
  givenClock(Date.now()); // so no refresh becomes due while commands are counted
  const sale = await givenSale();
  const from = anAddress();
  await admin("PUT", `/denylist/ip/${from}`);
  await attempt({ token: "forged" }, sale, { from });

  const { result, commands } = await redisCost(() => attempt({ token: "forged" }, sale, { from }));

  expect([result.code, commands]).toEqual(["blocked", 0]);
});
