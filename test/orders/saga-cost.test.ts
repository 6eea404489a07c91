// What a batch costs: one Redis round trip and one call per object, for any number of free and paid orders. A payment
// itself costs none.
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { settlePayment } from "../../src/orders/settle-payment.ts";
import { givenClock } from "../support/clock.ts";
import { collecting, deliverBatch } from "../support/queue.ts";
import { emptyRedis, readModelOf, redisCost } from "../support/redis.ts";
import { ledger } from "../support/shop.ts";
import { deliverTo, givenOrder, givenPaid, type Purchase, TestGateway } from "./saga-fixtures.ts";

beforeAll(emptyRedis);
beforeEach(() => void givenClock(Date.now()));

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

test("a batch costs one round trip, and one call per object, before and after the payments", async () => {
  const [earlier] = await givenOrders(1);
  await deliverBatch([earlier?.message], {}); // loads the script into Redis, which costs a round trip
  const purchases = await givenOrders(10);
  const called = countedCalls();
  const skuIds = [...new Set(purchases.map(({ skuId }) => skuId))].sort();
  const due: OrderMessage[] = [];
  const messages = purchases.map(({ message }) => message);

  const first = await redisCost(() => deliverBatch(messages, {}, collecting(due)));

  expect(first.result.acked).toHaveLength(30);
  expect([first.roundTrips, first.commands]).toEqual([1, 1]);
  expect(called.sort()).toEqual(skuIds);
  expect(due).toHaveLength(20);

  for (const message of due)
    await settlePayment(message, env, new TestGateway(), { mayCharge: true });
  called.length = 0;
  const second = await redisCost(() => deliverBatch(due, {}, collecting([])));

  expect(second.result.acked).toHaveLength(20);
  expect([second.roundTrips, second.commands]).toEqual([1, 1]);
  expect(called.sort()).toEqual(skuIds.filter((id) => id !== purchases[0]?.skuId));
  for (const { buyer } of purchases) {
    expect(await readModelOf(buyer.id)).toMatchObject([{ status: "confirmed" }]);
  }
});

test("a payment costs no round trip to Redis", async () => {
  const [, purchase] = await givenOrders(1);

  const { result, roundTrips } = await redisCost(() =>
    settlePayment((purchase as Purchase).message, env, new TestGateway(), { mayCharge: true }),
  );

  expect(result).toMatchObject({ is: "done" });
  expect(roundTrips).toBe(0);
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
