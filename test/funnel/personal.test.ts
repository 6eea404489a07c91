// Limits and costs of the routes outside the funnel: reading, paying, and canceling orders, visits, and readiness.

import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { UnitOfWork } from "../../src/inventory/unit-of-work.ts";
import { givenClock } from "../support/clock.ts";
import { type Answer, call, contractFaults, ORIGIN, read, request } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsBack, redisIsDown } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  bought,
  onSale,
  showOrder,
  suppressLiveStock,
  tally,
  unique,
} from "../support/shop.ts";
import { limitOf } from "./limit-helpers.ts";
import { aMoment, behindShield, givenSale } from "./scene.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(async () => {
  await redisIsBack();
  suppressLiveStock();
});

/** The number of calls of SKU objects while `work` ran. */
async function objectCalls(work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(UnitOfWork.prototype, "begin");
  onTestFinished(() => spy.mockRestore());
  await work();
  return spy.mock.calls.length;
}

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work));

const list = (buyer: Buyer) => call("GET", "/api/orders", { token: buyer.token });
const cancel = (buyer: Buyer, id: string) =>
  call("DELETE", `/api/orders/${id}`, { token: buyer.token });
const pay = (buyer: Buyer, id: string) =>
  call("POST", `/api/orders/${id}/payment`, {
    token: buyer.token,
    body: { paymentToken: "tok_ok" },
  });

/** A well-formed order id for this SKU. */
const anId = (skuId: string, lane = 0) => `${skuId}.${lane}.${"a".repeat(20)}`;

test.each<[string, (buyer: Buyer, id: string) => Promise<Answer<unknown>>]>([
  ["the list of orders", (buyer) => list(buyer)],
  ["an order", (buyer, id) => showOrder(buyer, id)],
])("limits how often an account reads %s, and reports the limit", async (_, look) => {
  givenClock(aMoment());
  const [buyer, other] = [await aBuyer(), await aBuyer()];
  const { id } = await bought(buyer, await onSale({ price: 100 }));

  const answers = await times(700, () => look(buyer, id));

  expect(tally(answers)).toEqual({ 200: 600, rate_limited: 100 });
  const last = answers.at(-1) as Answer<unknown>;
  expect(contractFaults(last)).toEqual([]);
  expect(last.headers.get("ratelimit-policy")).toBe('"user";q=600;w=60');
  expect(last.headers.get("ratelimit")).toMatch(/^"user";r=0;t=\d+$/);
  expect((await list(other)).status).toBe(200);
});

test("refuses reads over the limit without a Redis command or an object call", async () => {
  givenClock(aMoment());
  const buyer = await aBuyer();
  const { id } = await bought(buyer, await onSale({ price: 100 }));
  await times(600, () => showOrder(buyer, id));

  let commands = 0;
  const calls = await objectCalls(async () => {
    ({ commands } = await redisCost(() =>
      times(100, () => Promise.all([list(buyer), showOrder(buyer, id)])),
    ));
  });

  expect([commands, calls]).toEqual([0, 0]);
});

test("limits paying and canceling by the sale's settings, in one round trip for address and buyer", async () => {
  givenClock(aMoment());
  const change = { user: limitOf("fixed-window", 3) };
  const { skuId } = await givenSale({ limits: { change } }, { price: 100 });
  const buyer = await aBuyer();
  const { id } = await bought(buyer, skuId);
  await pay(buyer, anId(skuId));

  const { result, ...cost } = await redisCost(() => pay(buyer, anId(skuId)));

  expect(result.code).toBe("not_found");
  expect(cost).toEqual({ roundTrips: 1, commands: 2 });
  expect(result.headers.get("ratelimit-policy")).toBe('"ip";q=1000;w=10, "user";q=3;w=60');
  expect((await cancel(buyer, id)).status).toBe(200);
  const over = await cancel(buyer, id);
  expect(over).toMatchObject({ status: 429, code: "rate_limited" });
  expect(contractFaults(over)).toEqual([]);
  // Buying and reading have separate limits.
  expect((await bought(buyer, skuId)).status).toBe("reserved");
  expect((await showOrder(buyer, id)).status).toBe(200);
});

test("limits canceling with the shield while Redis is down", async () => {
  const buyer = await aBuyer();
  const { id } = await bought(buyer, await onSale({ price: 100 }));
  const before = await counted("limits_degraded");
  await redisIsDown();
  expect((await cancel(buyer, id)).status).toBe(200);
  expect(await counted("limits_degraded")).toBeGreaterThan(before);
});

test("calls no object for an order id with an invalid lane", async () => {
  const skuId = await onSale();
  const buyer = await aBuyer();
  const lookups = vi.spyOn(env.SKU_INVENTORY, "getByName");
  onTestFinished(() => lookups.mockRestore());

  for (const lane of [1, 7, 999]) {
    const id = anId(skuId, lane);
    for (const access of [showOrder, cancel, pay]) {
      expect((await access(buyer, id)).code).toBe("not_found");
    }
  }

  expect(lookups).not.toHaveBeenCalled();
});

test("lets a blocked buyer see and pay for an order", async () => {
  const buyer = await aBuyer();
  const { id } = await bought(buyer, await onSale({ price: 100 }));
  const headers = { authorization: "Bearer test-admin-token" };
  await call("PUT", `/api/admin/denylist/user/${buyer.id}`, { headers });
  expect((await showOrder(buyer, id)).status).toBe(200);
  expect((await pay(buyer, id)).status).toBe(202);
});

test("limits visits with the shield", async () => {
  const { saleId } = await givenSale();
  const keys: string[] = [];
  const send = behindShield((key) => keys.push(key) <= 10);
  const headers = { "cf-connecting-ip": "192.0.2.200" };
  const answers = await times(11, () =>
    send(request("POST", `/api/sales/${saleId}/visits`, { headers })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(10).fill(201), 429]);
  expect(new Set(keys).size).toBe(1);
  const over = await read(answers.find(({ status }) => status === 429) as Response);
  expect(over.code).toBe("rate_limited");
  expect(contractFaults(over)).toEqual([]);
});

test("runs at most four probes for 500 readiness requests in a second", async () => {
  givenClock(aMoment());
  let commands = 0;
  let answers: Answer[] = [];
  const calls = await objectCalls(async () => {
    const cost = await redisCost(() => times(500, () => call("GET", "/readyz")));
    ({ commands, result: answers } = cost);
  });
  expect(commands).toBeLessThanOrEqual(4);
  expect(calls).toBeLessThanOrEqual(4);
  for (const { status, headers } of answers) {
    expect([200, 503]).toContain(status);
    expect(headers.get("cache-control")).toBe("no-store");
  }
});

test("refuses a buyer's next order after a hundred canceled ones", async () => {
  const limits = {
    order: { user: limitOf("fixed-window", 1_000) },
    change: { user: limitOf("fixed-window", 1_000) },
  };
  const { skuId } = await givenSale({ limits }, { price: 100, perUserLimit: 1 });
  const buyer = await aBuyer();
  const paymentToken = "tok_ok"; // otherwise the limit for unpaid orders would apply first
  for (let i = 0; i < 101; i += 1) {
    await cancel(buyer, (await bought(buyer, skuId, { paymentToken })).id);
  }

  const answer = await call("POST", `/api/skus/${skuId}/orders`, {
    token: buyer.token,
    headers: { "idempotency-key": unique("key"), origin: ORIGIN },
    body: { quantity: 1, paymentToken },
  });

  expect(answer).toMatchObject({ code: "user_limit_reached", body: { orderIds: [] } });
});
