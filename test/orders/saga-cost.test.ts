// What a batch costs: one Redis round trip and one call per object, for any number of free and paid orders.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { givenClock } from "../support/clock.ts";
import { emptyRedis, readModelOf, redisCost } from "../support/redis.ts";
import { ledger, suppressLiveStock } from "../support/shop.ts";
import { deliverTo, givenOrder, givenPaid, type Purchase, TestGateway } from "./saga-fixtures.ts";

beforeAll(emptyRedis);
beforeEach(() => {
  // Only the consumer's round trips are counted, so the objects must not publish stock meanwhile.
  suppressLiveStock();
  givenClock(Date.now());
});

/** Makes orders of three SKUs, one of them free. */
async function givenOrders(each: number): Promise<Purchase[]> {
  const free = await givenPaid({ price: 0 });
  const sales = [free, await givenPaid({}, free.queue), await givenPaid({}, free.queue)];
  const purchases: Purchase[] = [];
  for (const sale of sales) {
    for (let i = 0; i < each; i += 1) purchases.push(await givenOrder(sale));
  }
  return purchases;
}

function countedCalls(): string[] {
  const called: string[] = [];
  const real = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY, "getByName").mockImplementation((name, options) => {
    called.push(name);
    return real(name, options);
  });
  onTestFinished(() => spy.mockRestore());
  return called;
}

test("a batch costs one round trip, and one call per object", async () => {
  const purchases = await givenOrders(10);
  const called = countedCalls();

  const { result, roundTrips, commands } = await redisCost(() =>
    deliverTo(
      new TestGateway(),
      purchases.map(({ message }) => message),
    ),
  );

  expect(result.acked).toHaveLength(30);
  expect([roundTrips, commands]).toEqual([1, 1]);
  expect(called.sort()).toEqual([...new Set(purchases.map(({ skuId }) => skuId))].sort());
  for (const { buyer } of purchases) {
    expect(await readModelOf(buyer.id)).toMatchObject([{ status: "confirmed" }]);
  }
});

test("undecided charges cause no second round trip", async () => {
  const purchases = await givenOrders(2);
  const gateway = new TestGateway();
  gateway.down = true;

  const { roundTrips } = await redisCost(() =>
    deliverTo(
      gateway,
      purchases.map(({ message }) => message),
    ),
  );

  expect(roundTrips).toBe(1);
});

test("a failing object causes a retry of its own orders only", async () => {
  const purchases = await givenOrders(2);
  const broken = purchases[2]?.skuId;
  const real = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY, "getByName").mockImplementation((name, options) => {
    if (name === broken) throw Object.assign(new Error("overloaded"), { overloaded: true });
    return real(name, options);
  });
  const messages = purchases.map(({ message }) => message);

  const { retried } = await deliverTo(new TestGateway(), messages);
  expect(retried).toEqual(messages.slice(2, 4));

  spy.mockRestore();
  expect((await deliverTo(new TestGateway(), retried)).acked).toHaveLength(2);
  expect(await ledger(broken ?? "")).toMatchObject({ sold: 2, unacknowledged: 0 });
});
