// The read model is a copy: whatever happens to it, the ledgers make it right again.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import worker from "../../src/index.ts";
import { saleInRedis } from "../catalog/elsewhere.ts";
import { inventory } from "../inventory/object.ts";
import { admin, call } from "../support/http.ts";
import { emptyRedis, KEYS, readModelOf, redis } from "../support/redis.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type Purchase,
  TestGateway,
} from "./saga-world.ts";

beforeEach(emptyRedis);

/** What the clock does every minute. */
const minutePasses = () => worker.scheduled(createScheduledController(), env);

/** Given orders in every status, all settled; some buyers have several. */
async function givenEveryStatus(): Promise<Purchase[]> {
  const holds = givenHolds();
  const sale = await givenPaid({ perUserLimit: 5 });
  const gateway = new TestGateway();
  const lost = await givenOrder(sale);
  gateway.mute = true;
  await deliverTo(gateway, [lost.message]);
  gateway.mute = false;
  await cancel(lost);
  const expired = await givenOrder(sale, {});
  await deliverTo(gateway, [expired.message, await nextMessage(sale.queue, lost.order.id)]);
  holds.end();
  await inventory(sale.skuId).report();
  const confirmed = await givenOrder(sale, { buyer: lost.buyer, paymentToken: "tok_ok" });
  const reserved = await givenOrder(sale, { buyer: lost.buyer });
  await deliverTo(gateway, [confirmed.message, await nextMessage(sale.queue, expired.order.id)]);
  await deliverTo(null, [reserved.message]);
  return [lost, expired, confirmed, reserved];
}

/** Ledger and read model, side by side. */
async function copies([{ skuId }, ...rest]: [Purchase, ...Purchase[]] | Purchase[]) {
  const { orders } = await inventory(skuId as string).page(null);
  const owners = new Set(orders.map(({ userId }) => userId));
  const inRedis = (await Promise.all([...owners].map(readModelOf))).flat();
  const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
  expect(rest.length + 1).toBe(orders.length);
  return { ledger: orders.map(({ order }) => order).sort(byId), readModel: inRedis.sort(byId) };
}

async function expectNoDrift(purchases: Purchase[]): Promise<void> {
  const { ledger, readModel } = await copies(purchases);
  expect(readModel).toEqual(ledger);
}

test("settled orders of every status are copied as they are", async () => {
  const purchases = await givenEveryStatus();

  await expectNoDrift(purchases);
  const { ledger } = await copies(purchases);
  expect(ledger.map(({ status }) => status).sort()).toEqual(
    ["confirmed", "expired", "refunded", "reserved"].sort(),
  );
});

test("after FLUSHALL a rebuild restores orders and catalog", async () => {
  const purchases = await givenEveryStatus();
  const [{ skuId, order }] = purchases as [Purchase];
  await emptyRedis();

  const answer = await admin("POST", `/skus/${skuId}/rebuild`);

  expect(answer.body).toEqual({ skuId, orders: 4, repaired: 4 });
  await expectNoDrift(purchases);
  expect((await call("GET", `/api/sales/${order.saleId}`)).status).toBe(200);
  expect(await saleInRedis(order.saleId)).toMatchObject({ id: order.saleId });
});

test("after FLUSHALL the clock alone restores everything", async () => {
  const purchases = await givenEveryStatus();
  await emptyRedis();

  await minutePasses();

  await expectNoDrift(purchases);
});

test.each([
  ["is missing", undefined],
  ["is older", '1 {"id":"x"}'],
  ["is garbage", "garbage"],
  ["is empty", ""],
])(
  "one order that %s in Redis is found and repaired, the others are left alone",
  async (_, text) => {
    const purchases = await givenEveryStatus();
    const { buyer, order } = purchases[0] as Purchase;
    if (text === undefined) await redis("HDEL", KEYS.ordersOf(buyer.id), order.id);
    else await redis("HSET", KEYS.ordersOf(buyer.id), order.id, text);

    await minutePasses();

    await expectNoDrift(purchases);
  },
);

test("garbage under one order does not keep its neighbours in a batch from being written", async () => {
  const sale = await givenPaid();
  const purchases = [await givenOrder(sale), await givenOrder(sale)];
  const [bad] = purchases as [Purchase];
  await redis("HSET", KEYS.ordersOf(bad.buyer.id), bad.order.id, "garbage");

  const messages = purchases.map(({ message }) => message);
  expect((await deliverTo(new TestGateway(), messages)).acked).toHaveLength(2);

  await expectNoDrift(purchases);
});

test("rebuilding while the consumer writes never puts an older state back", async () => {
  const sale = await givenPaid({ stock: 30 });
  const purchases: Purchase[] = [];
  for (let i = 0; i < 30; i += 1) purchases.push(await givenOrder(sale));
  const gateway = new TestGateway();

  await Promise.all([
    ...purchases.map(({ message }) => deliverTo(gateway, [message])),
    ...Array.from({ length: 5 }, () => admin("POST", `/skus/${sale.skuId}/rebuild`)),
    minutePasses(),
  ]);

  await expectNoDrift(purchases);
  expect(gateway.charged.size).toBe(30);
});

test("orders stay readable for 90 days after the last change", async () => {
  const [{ buyer }] = (await givenEveryStatus()) as [Purchase];
  const days = async () => (await redis<number>("TTL", KEYS.ordersOf(buyer.id))) / 86_400;
  expect(await days()).toBeGreaterThan(89);
  expect(await days()).toBeLessThanOrEqual(90);
});

test("what there never was cannot be rebuilt", async () => {
  expect((await admin("POST", "/skus/never-there/rebuild")).code).toBe("not_found");
});
