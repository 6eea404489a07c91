// Redis is slow, down or emptied: buying goes on, and the read model catches up afterwards.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import {
  emptyRedis,
  KEYS,
  readModelOf,
  redis,
  redisIsBack,
  redisIsDown,
  redisIsSlow,
} from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  bought,
  buyers,
  ledger,
  onSale,
  order,
  settled,
  showOrder,
  tally,
  until,
} from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const myOrders = (buyer: Buyer) =>
  call<{ orders: { id: string }[] }>("GET", "/api/orders", { token: buyer.token });

/** Goes through everything a buyer does: buy, retry, show, list, cancel. */
async function expectBuyingWorks(skuId: string): Promise<void> {
  const buyer = await aBuyer();
  const answer = await order(buyer, skuId, { key: "first" });
  expect(answer.status).toBe(202);
  expect(answer.headers.get("ratelimit")).toBeTruthy();
  expect((await order(buyer, skuId, { key: "first" })).body).toEqual(answer.body);
  expect(tally([await order(buyer, skuId)])).toEqual({ user_limit_reached: 1 });

  const { id } = answer.body;
  expect((await showOrder(buyer, id)).body).toMatchObject({ id, status: "reserved" });
  expect((await myOrders(buyer)).body.orders).toMatchObject([{ id }]);
  const cancelled = await call("DELETE", `/api/orders/${id}`, { token: buyer.token });
  expect(cancelled.body).toMatchObject({ status: "cancelled" });
  expect((await showOrder(buyer, id)).body).toMatchObject({ status: "cancelled" });
}

describe("while Redis is down", () => {
  test("buyers can buy, read and cancel orders", async () => {
    captureQueue();
    const skuId = await onSale({ price: 100 });
    await redisIsDown();
    await expectBuyingWorks(skuId);
  });

  test("buyers can do so even in an isolate that has never read the catalog", async () => {
    captureQueue();
    const skuId = await onSale({ price: 100 });
    await redisIsDown();
    dropSnapshot();
    await expectBuyingWorks(skuId);
  });

  test("buyers can do so if Redis answers too late instead", async () => {
    captureQueue();
    const skuId = await onSale({ price: 100 });
    await redisIsSlow(1_000);
    await expectBuyingWorks(skuId);
  });

  test("concurrent buyers get exactly the stock", async () => {
    captureQueue();
    const skuId = await onSale({ stock: 10 });
    const crowd = await buyers(50);
    await redisIsDown();

    const answers = await Promise.all(crowd.map((buyer) => order(buyer, skuId)));

    expect(tally(answers)).toEqual({ 202: 10, sold_out: 40 });
    expect(answers.flatMap(contractFaults)).toEqual([]);
  });

  test("the consumer retries every message, and confirms all orders once Redis is back", async () => {
    const queue = captureQueue();
    const skuId = await onSale({ stock: 5 });
    const crowd = await buyers(5);
    for (const buyer of crowd) await bought(buyer, skuId);
    const messages = await takeMessages(queue, skuId, 5);

    await redisIsDown();
    expect((await deliver(messages)).retried).toHaveLength(5);
    expect((await deliver(messages, { attempts: 5 })).retried).toHaveLength(5);
    await redisIsBack();
    expect((await ledger(skuId)).unacknowledged).toBe(5);
    expect((await deliver(messages, { attempts: 6 })).acked).toHaveLength(5);

    for (const { id } of crowd)
      expect(await readModelOf(id)).toMatchObject([{ status: "confirmed" }]);
    expect(await ledger(skuId)).toMatchObject({ sold: 5, unacknowledged: 0 });
  });

  test("the real queue redelivers until the read model is complete", async () => {
    const skuId = await onSale({ stock: 5 });
    const crowd = await buyers(5);
    await redisIsDown();
    for (const buyer of crowd) await bought(buyer, skuId);
    await until("the consumer tried", async () => (await ledger(skuId)).sold === 5);
    await redisIsBack();

    await settled(skuId);

    for (const { id } of crowd)
      expect(await readModelOf(id)).toMatchObject([{ status: "confirmed" }]);
  });

  test("operator writes fail with 503 instead of reporting success", async () => {
    const skuId = await onSale();
    await redisIsDown();
    const answer = await admin("POST", `/skus/${skuId}/rebuild`);
    expect(answer.status).toBe(503);
    expect(contractFaults(answer)).toEqual([]);
  });
});

describe("after Redis is emptied during a sale", () => {
  test("buying and reading go on, and the catalog is restored automatically", async () => {
    const skuId = await onSale({ price: 100 });
    const buyer = await aBuyer();
    const { id } = await bought(buyer, skuId);
    await settled(skuId);

    await emptyRedis();
    dropSnapshot();

    expect((await showOrder(buyer, id)).body).toMatchObject({ id, status: "reserved" });
    expect((await myOrders(buyer)).body.orders).toMatchObject([{ id }]);
    await expectBuyingWorks(skuId);
    await until("the catalog is back", async () => (await redis<number>("HLEN", KEYS.catalog)) > 0);
  });

  test("a rebuild restores the read model", async () => {
    const skuId = await onSale({ stock: 20 });
    const crowd = await buyers(20);
    for (const buyer of crowd) await bought(buyer, skuId);
    await settled(skuId);
    const before = await Promise.all(crowd.map(({ id }) => readModelOf(id)));

    await emptyRedis();
    expect((await admin("POST", `/skus/${skuId}/rebuild`)).body).toMatchObject({ repaired: 20 });

    expect(await Promise.all(crowd.map(({ id }) => readModelOf(id)))).toEqual(before);
    expect((await admin("POST", `/skus/${skuId}/rebuild`)).body).toMatchObject({ repaired: 0 });
  });
});

test.each(["", "garbage", "1 {", '2 {"id":1}', "null", "99 null"])(
  "an order is read from the ledger if the read model has %j for it",
  async (text) => {
    captureQueue();
    const skuId = await onSale();
    const buyer = await aBuyer();
    const { id } = await bought(buyer, skuId);
    await redis("HSET", KEYS.ordersOf(buyer.id), id, text);

    expect((await showOrder(buyer, id)).body).toMatchObject({ id, status: "reserved" });
    expect((await myOrders(buyer)).body.orders).toMatchObject([{ id }]);
  },
);
