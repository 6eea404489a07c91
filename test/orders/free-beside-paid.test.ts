// Free orders do not wait for the paid ones beside them: each kind has a queue of its own, for the first message about an
// order and its changes. Orders in the line of the payments send none. A message in the other queue is processed all the same.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import worker from "../../src/index.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { PAYMENTS_QUEUE } from "../../src/orders/payment-retry.ts";
import { givenClock } from "../support/clock.ts";
import { collecting, deliverBatch, enteringBy } from "../support/queue.ts";
import { emptyRedis, readModelOf, redisIsBack, redisIsDown } from "../support/redis.ts";
import { until } from "../support/shop.ts";
import { bankEntry, cancel, givenOrder, givenPaid, type Purchase } from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const MINUTE_MS = 60_000;

/** The orders of one sale, whose messages are captured by queue instead of delivered. */
async function givenSale() {
  const queues = { orders: [] as OrderMessage[], payments: [] as OrderMessage[] };
  const spy = vi.spyOn(worker, "queue").mockImplementation(async ({ queue, messages }) => {
    const captured = queue === PAYMENTS_QUEUE ? queues.payments : queues.orders;
    captured.push(...messages.map(({ body }) => body as OrderMessage));
  });
  onTestFinished(() => spy.mockRestore());
  const start = Date.now();
  const clock = givenClock(start);
  const sale = await givenPaid({}, queues.payments);
  let minutes = 0;
  /** Lets minutes pass, and the object's alarm send what is due. */
  const wait = async (count: number) => {
    minutes += count;
    clock.moveTo(start + minutes * MINUTE_MS);
    await runDurableObjectAlarm(env.SKU_INVENTORY.getByName(sale.skuId));
  };
  const about = (queue: OrderMessage[], { order }: Purchase) =>
    queue.filter(({ orderId }) => orderId === order.id);
  return { sale, queues, wait, about };
}

const inPayments = { queue: PAYMENTS_QUEUE };

test("sends free orders and paid orders to queues of their own", async () => {
  const { sale, queues, about } = await givenSale();
  const paid = await givenOrder(sale);
  const free = await givenOrder(await givenPaid({ price: 0 }, queues.orders));
  expect((await cancel(paid)).status).toBe(200);

  await until("the change is sent", () => about(queues.payments, paid).length > 0);

  expect(about(queues.orders, paid)).toEqual([]);
  expect(about(queues.payments, free)).toEqual([]);
});

test("processes the orders that are in the other queue, as after a deployment", async () => {
  const { sale, queues } = await givenSale();
  const paid = await givenOrder(sale);
  const free = await givenOrder(await givenPaid({ price: 0 }, queues.orders));
  const due: OrderMessage[] = [];

  expect((await deliverBatch([paid.message], {}, collecting(due))).acked).toHaveLength(1);
  expect((await deliverBatch([free.message], inPayments, collecting(due))).acked).toHaveLength(1);

  expect(due).toMatchObject([{ orderId: paid.order.id }]);
  expect(await readModelOf(paid.buyer.id)).toMatchObject([{ status: "reserved" }]);
  expect(await readModelOf(free.buyer.id)).toMatchObject([{ status: "confirmed" }]);
});

test("publishes and acknowledges a free order while the payment scheduler does not answer", async () => {
  const { sale, queues } = await givenSale();
  const paid = await givenOrder(sale);
  const free = await givenOrder(await givenPaid({ price: 0 }, queues.orders));
  const answer = Promise.withResolvers<string[]>();
  onTestFinished(() => answer.resolve([]));

  const silent = enteringBy(() => answer.promise);
  const delivery = deliverBatch([paid.message, free.message], {}, silent);

  await until("the free order is published", async () => {
    return (await readModelOf(free.buyer.id))[0]?.status === "confirmed";
  });
  const { skuId } = free.order;
  await until("the free order is acknowledged", async () => {
    return (await env.SKU_INVENTORY.getByName(skuId).report())?.unacknowledged === 0;
  });
  answer.resolve([]);
  expect((await delivery).acked).toHaveLength(2);
});

test("settles an order that the line of the payments lost, without sending or publishing it again", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  await deliverBatch([purchase.message], inPayments, collecting([]));
  queues.payments.length = 0;

  await wait(1);

  await until("the payment is settled", () => about(queues.payments, purchase).length > 0);
  const versions = about(queues.payments, purchase).map(({ version }) => version);
  expect(Math.min(...versions)).toBeGreaterThan(purchase.message.version);
  expect(about(queues.orders, purchase)).toEqual([]);
  expect(await readModelOf(purchase.buyer.id)).toMatchObject([{ status: "reserved" }]);
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("sends an order to the consumer again if the line of the payments refused it", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  const full = enteringBy(async (orders) => orders.map(({ orderId }) => orderId));
  const { retried } = await deliverBatch([purchase.message], inPayments, full);
  expect(retried).toHaveLength(1);

  await wait(1);

  await until("the order is sent again", () => about(queues.payments, purchase).length > 0);
  const due: OrderMessage[] = [];
  await deliverBatch(about(queues.payments, purchase), inPayments, collecting(due));
  expect(due).toMatchObject([{ orderId: purchase.order.id }]);
});

test("publishes an order when it is sent again, if the read model did not get it before", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  await redisIsDown();
  await deliverBatch([purchase.message], inPayments, collecting([]));
  await redisIsBack();

  await wait(1);

  await until("the order is sent again", () => about(queues.payments, purchase).length > 0);
  await deliverBatch(about(queues.payments, purchase), inPayments, collecting([]));
  expect(await readModelOf(purchase.buyer.id)).toMatchObject([{ status: "reserved" }]);
});

test("publishes an order again if it changed after it entered the line of the payments", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  await deliverBatch([purchase.message], inPayments, collecting([]));
  expect((await cancel(purchase)).status).toBe(200);
  await until("the change is sent", () => about(queues.payments, purchase).length > 0);
  queues.payments.length = 0;

  await wait(1);

  await until("the change is sent again", () => about(queues.payments, purchase).length > 0);
  await deliverBatch(about(queues.payments, purchase), inPayments, collecting([]));
  expect(await readModelOf(purchase.buyer.id)).toMatchObject([{ status: "cancelled" }]);
});
