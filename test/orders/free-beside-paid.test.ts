// Free orders do not wait for the payments beside them. They share their queue with the first message about a paid order and
// with its changes, but not with the reminders of its payment.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import worker from "../../src/index.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { PAYMENTS_QUEUE } from "../../src/orders/payment-retry.ts";
import { settlePayment } from "../../src/orders/settle-payment.ts";
import { givenClock } from "../support/clock.ts";
import { collecting, deliverBatch } from "../support/queue.ts";
import { emptyRedis, readModelOf, redisIsBack, redisIsDown } from "../support/redis.ts";
import { until } from "../support/shop.ts";
import { cancel, givenOrder, givenPaid, type Purchase, TestGateway } from "./saga-fixtures.ts";

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
  const sale = await givenPaid({}, queues.orders);
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

test("publishes and acknowledges a free order while the queue of the payments does not answer", async () => {
  const { sale, queues } = await givenSale();
  const paid = await givenOrder(sale);
  const free = await givenOrder(await givenPaid({ price: 0 }, queues.orders));
  const answer = Promise.withResolvers<void>();
  onTestFinished(() => answer.resolve());
  const silent = { DUE_PAYMENTS: { sendBatch: () => answer.promise } };

  const delivery = deliverBatch([paid.message, free.message], {}, silent);

  await until("the free order is published", async () => {
    return (await readModelOf(free.buyer.id))[0]?.status === "confirmed";
  });
  const { skuId } = free.order;
  await until("the free order is acknowledged", async () => {
    return (await env.SKU_INVENTORY.getByName(skuId).report())?.unacknowledged === 0;
  });
  answer.resolve();
  expect((await delivery).acked).toHaveLength(2);
});

test("reminds only the queue of the payments of an order that waits for its payment", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  await deliverBatch([purchase.message], {}, collecting([]));

  for (let reminders = 1; reminders <= 4; reminders += 1) {
    await wait(5);
    await until("the reminder is sent", () => about(queues.payments, purchase).length >= reminders);
  }
  expect(about(queues.orders, purchase)).toEqual([]);

  const [reminder] = queues.payments;
  await settlePayment(reminder as OrderMessage, env, new TestGateway(), { mayCharge: true });
  const [charged] = await until("the change is sent", () => {
    const changes = about(queues.orders, purchase);
    return changes.length > 0 ? changes : undefined;
  });
  expect(charged?.version).toBeGreaterThan(purchase.message.version);
});

test("sends an order to the consumer again if the queue of the payments refused it", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  const refusing = { DUE_PAYMENTS: { sendBatch: () => Promise.reject(new Error("too many")) } };
  await deliverBatch([purchase.message], {}, refusing);

  await wait(1);

  await until("the order is sent again", () => about(queues.orders, purchase).length > 0);
  expect(queues.payments).toEqual([]);
});

test("sends an order to the consumer again if the read model did not get it", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  await redisIsDown();
  await deliverBatch([purchase.message], {}, collecting([]));
  await redisIsBack();

  await wait(1);

  await until("the order is sent again", () => about(queues.orders, purchase).length > 0);
  expect(queues.payments).toEqual([]);
});

test("sends an order to the consumer again if it changed while its first version was forwarded", async () => {
  const { sale, queues, wait, about } = await givenSale();
  const purchase = await givenOrder(sale);
  const due: OrderMessage[] = [];
  await deliverBatch([purchase.message], {}, collecting(due));
  expect((await cancel(purchase)).status).toBe(200);
  await until("the change is sent", () => about(queues.orders, purchase).length > 0);
  queues.orders.length = 0;

  await wait(1);

  await until("the change is sent again", () => about(queues.orders, purchase).length > 0);
  expect(about(queues.payments, purchase)).toEqual([]);
});
