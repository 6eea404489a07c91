// Rebuilding the read model from the ledgers, on request and in the reconciliation that runs every minute.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import worker from "../../src/index.ts";
import { saleInRedis } from "../catalog/catalog-copy.ts";
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
} from "./saga-fixtures.ts";

beforeEach(emptyRedis);

/** Runs the job that cron starts every minute. */
const runReconciliation = () => worker.scheduled(createScheduledController(), env);

/** Settled orders in every status. Some buyers have several. */
async function givenEveryStatus(): Promise<Purchase[]> {
  const holds = givenHolds();
  const sale = await givenPaid({ perUserLimit: 5 });
  const gateway = new TestGateway();
  const refunded = await givenOrder(sale);
  gateway.mute = true;
  await deliverTo(gateway, [refunded.message]);
  gateway.mute = false;
  await cancel(refunded);
  const expired = await givenOrder(sale, {});
  await deliverTo(gateway, [expired.message, await nextMessage(sale.queue, refunded.order.id)]);
  holds.end();
  await inventory(sale.skuId).report();
  const confirmed = await givenOrder(sale, { buyer: refunded.buyer, paymentToken: "tok_ok" });
  const reserved = await givenOrder(sale, { buyer: refunded.buyer });
  await deliverTo(gateway, [confirmed.message, await nextMessage(sale.queue, expired.order.id)]);
  await deliverTo(null, [reserved.message]);
  return [refunded, expired, confirmed, reserved];
}

/** The orders in the ledger and in the read model. */
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

test("the read model equals the ledger for settled orders of every status", async () => {
  const purchases = await givenEveryStatus();

  await expectNoDrift(purchases);
  const { ledger } = await copies(purchases);
  expect(ledger.map(({ status }) => status).sort()).toEqual(
    ["confirmed", "expired", "refunded", "reserved"].sort(),
  );
});

test("a rebuild restores orders and catalog after FLUSHALL", async () => {
  const purchases = await givenEveryStatus();
  const [{ skuId, order }] = purchases as [Purchase];
  await emptyRedis();

  const answer = await admin("POST", `/skus/${skuId}/rebuild`);

  expect(answer.body).toEqual({ skuId, orders: 4, repaired: 4 });
  await expectNoDrift(purchases);
  expect((await call("GET", `/api/sales/${order.saleId}`)).status).toBe(200);
  expect(await saleInRedis(order.saleId)).toMatchObject({ id: order.saleId });
});

test("the next reconciliation restores everything after FLUSHALL", async () => {
  const purchases = await givenEveryStatus();
  await emptyRedis();

  await runReconciliation();

  await expectNoDrift(purchases);
});

test.each([
  ["is missing", undefined],
  ["is older", '1 {"id":"x"}'],
  ["is garbage", "garbage"],
  ["is empty", ""],
])("the reconciliation repairs an order that %s in Redis", async (_, text) => {
  const purchases = await givenEveryStatus();
  const { buyer, order } = purchases[0] as Purchase;
  if (text === undefined) await redis("HDEL", KEYS.ordersOf(buyer.id), order.id);
  else await redis("HSET", KEYS.ordersOf(buyer.id), order.id, text);

  await runReconciliation();

  await expectNoDrift(purchases);
});

test("the consumer writes a whole batch even if one order is garbage in Redis", async () => {
  const sale = await givenPaid();
  const purchases = [await givenOrder(sale), await givenOrder(sale)];
  const [bad] = purchases as [Purchase];
  await redis("HSET", KEYS.ordersOf(bad.buyer.id), bad.order.id, "garbage");

  const messages = purchases.map(({ message }) => message);
  expect((await deliverTo(new TestGateway(), messages)).acked).toHaveLength(2);

  await expectNoDrift(purchases);
});

test("a rebuild that runs while the consumer writes never restores an older state", async () => {
  const sale = await givenPaid({ stock: 30 });
  const purchases: Purchase[] = [];
  for (let i = 0; i < 30; i += 1) purchases.push(await givenOrder(sale));
  const gateway = new TestGateway();

  await Promise.all([
    ...purchases.map(({ message }) => deliverTo(gateway, [message])),
    ...Array.from({ length: 5 }, () => admin("POST", `/skus/${sale.skuId}/rebuild`)),
    runReconciliation(),
  ]);

  await expectNoDrift(purchases);
  expect(gateway.charged.size).toBe(30);
});

test("orders stay in the read model for 90 days after the last change", async () => {
  const [{ buyer }] = (await givenEveryStatus()) as [Purchase];
  const days = async () => (await redis<number>("TTL", KEYS.ordersOf(buyer.id))) / 86_400;
  expect(await days()).toBeGreaterThan(89);
  expect(await days()).toBeLessThanOrEqual(90);
});

test("a rebuild of a SKU that never existed answers not_found", async () => {
  expect((await admin("POST", "/skus/never-there/rebuild")).code).toBe("not_found");
});
