// The way of a payment through its queue, the scheduler and the runners.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { schedulerOf } from "../../src/inventory/scheduler-client.ts";
import { PAYMENTS_QUEUE } from "../../src/orders/payment-retry.ts";
import { PAYMENTS_AT_ONCE, PaymentRunner } from "../../src/orders/payment-runner.ts";
import type { Settlement } from "../../src/orders/settle-payment.ts";
import { captureQueue, collecting, deliverBatch, enteringBy } from "../support/queue.ts";
import { emptyRedis, readModelOf, redisIsBack, redisIsDown } from "../support/redis.ts";
import { bought, buyers, ledger, onSale, settled, unique, until } from "../support/shop.ts";
import { bankEntry, givenOrder, givenPaid, PRICE, restartScheduler } from "./saga-fixtures.ts";

beforeAll(emptyRedis);
beforeEach(restartScheduler);

const CONFIRMED = { status: "confirmed", payment: "charged" };

const enter = (messages: OrderMessage[]) => schedulerOf(env).enter(messages);

/** Payments that the test answers itself. They exist in no ledger. */
function givenRunners(settle: (message: OrderMessage) => Promise<Settlement>) {
  const calls: string[] = [];
  const spy = vi.spyOn(PaymentRunner.prototype, "settle").mockImplementation((message) => {
    calls.push(message.orderId);
    return settle(message);
  });
  onTestFinished(() => spy.mockRestore());
  return calls;
}

const aMessage = (): OrderMessage => ({
  ...{ v: 1, skuId: "sku", lane: 0, userId: "ann", version: 1 },
  orderId: unique("order"),
});

test("charges and publishes paid orders over the real queues", async () => {
  const skuId = await onSale({ price: PRICE, stock: 30 });
  const crowd = await buyers(20);
  const orders = await Promise.all(
    crowd.map((buyer) => bought(buyer, skuId, { paymentToken: "tok_ok" })),
  );

  await settled(skuId);

  expect(await ledger(skuId)).toMatchObject({ sold: 20, held: 0, unacknowledged: 0 });
  for (const { id } of crowd) expect(await readModelOf(id)).toMatchObject([CONFIRMED]);
  for (const order of orders) expect(await bankEntry(order)).toMatchObject({ charges: 1 });
});

test("settles an order once while its messages repeat", async () => {
  const message = aMessage();
  const slow = Promise.withResolvers<void>();
  const calls = givenRunners(() => slow.promise.then(() => ({ is: "done" })));

  for (let i = 0; i < 5; i += 1) expect(await enter([message, message])).toEqual([]);
  await until("the payment is in progress", () => calls.length > 0);
  await enter([message]);
  slow.resolve();
  const next = aMessage();
  await enter([next]);
  await until("the next payment is in progress", () => calls.includes(next.orderId));

  expect(calls).toEqual([message.orderId, next.orderId]);
});

test("lets no order wait for a slow card", async () => {
  const slow = aMessage();
  const others = Array.from({ length: 11 }, aMessage);
  const answer = Promise.withResolvers<void>();
  onTestFinished(() => answer.resolve());
  const done = new Set<string>();
  givenRunners(async ({ orderId }) => {
    if (orderId === slow.orderId) await answer.promise;
    done.add(orderId);
    return { is: "done" };
  });

  await enter([slow, ...others]);

  await until("the others are settled", () => done.size === others.length);
  expect(done).not.toContain(slow.orderId);
});

test("gives a runner at most as many payments as its connections allow", async () => {
  const running = new Map<unknown, number>();
  let most = 0;
  let done = 0;
  // The first payments last until one is given to a second runner.
  const isSecondAsked = Promise.withResolvers<void>();
  onTestFinished(() => isSecondAsked.resolve());
  const spy = vi.spyOn(PaymentRunner.prototype, "settle").mockImplementation(async function (
    this: PaymentRunner,
  ) {
    const mine = (running.get(this) ?? 0) + 1;
    running.set(this, mine);
    most = Math.max(most, mine);
    if (running.size > 1) isSecondAsked.resolve();
    await isSecondAsked.promise;
    running.set(this, (running.get(this) ?? 1) - 1);
    done += 1;
    return { is: "done" };
  });
  onTestFinished(() => spy.mockRestore());

  await enter(Array.from({ length: 60 }, aMessage));

  await until("all are settled", () => done === 60);
  expect(most).toBe(PAYMENTS_AT_ONCE);
  expect(running.size).toBeGreaterThan(1);
});

test("counts no rate limit as a try, however many there are", async () => {
  const queue = captureQueue();
  const message = aMessage();
  let limits = 20;
  const calls = givenRunners(async () => {
    limits -= 1;
    return { is: limits > 0 ? "limited" : "done" };
  });

  await enter([message]);

  await until("the payment is settled", () => limits === 0);
  expect(calls).toHaveLength(20);
  expect(queue).toEqual([]);
});

test("settles an order that a restart of the scheduler lost, once the ledger sends it again", async () => {
  const message = aMessage();
  const calls = givenRunners(async () => ({ is: "unfinished", reason: "down", lasting: false }));
  await enter([message]);
  await until("the first try is over", () => calls.length > 0);
  await enter([message]);
  expect(calls).toHaveLength(1);

  const scheduler = env.PAYMENT_SCHEDULER.getByName("scheduler");
  await runInDurableObject(scheduler, (_, state) => state.abort("restart")).catch(() => {});
  await enter([message]);

  await until("the payment is tried again", () => calls.length > 1);
});

test("wakes while orders are in the line, so that it is not lost while nothing happens", async () => {
  const slow = Promise.withResolvers<void>();
  givenRunners(() => slow.promise.then(() => ({ is: "done" })));
  await enter([aMessage()]);
  const scheduler = env.PAYMENT_SCHEDULER.getByName("scheduler");

  expect(await runDurableObjectAlarm(scheduler)).toBe(true);
  expect(await runDurableObjectAlarm(scheduler)).toBe(true);
  slow.resolve();
});

test("retries a message if the scheduler does not answer, and never makes it a dead letter", async () => {
  const { queue, message } = await givenOrder(await givenPaid());
  const down = enteringBy(() => Promise.reject(new Error("down")));
  const deliverAt = (attempts: number) =>
    deliverBatch([message], { queue: PAYMENTS_QUEUE, attempts }, down);

  expect((await deliverAt(1)).retried).toEqual([message]);
  // The ledger sends it again.
  expect((await deliverAt(10)).acked).toEqual([message]);
  expect(queue.filter((body) => "diedAt" in body)).toEqual([]);
});

test("does not let payments wait for Redis", async () => {
  const purchase = await givenOrder(await givenPaid());
  const due: OrderMessage[] = [];
  await redisIsDown();

  await deliverBatch([purchase.message], {}, collecting(due));
  await redisIsBack();

  expect(due).toMatchObject([{ orderId: purchase.order.id }]);
});

test("retries a paid order if the line of the payments is full, and publishes it meanwhile", async () => {
  const free = await givenPaid({ price: 0 });
  const paid = await givenPaid({}, free.queue);
  const [first, second] = [await givenOrder(free), await givenOrder(paid)];
  const refusing = enteringBy(async (orders) => orders.map(({ orderId }) => orderId));

  const { acked, retried } = await deliverBatch([first.message, second.message], {}, refusing);

  expect([acked, retried]).toEqual([[first.message], [second.message]]);
  expect(await readModelOf(second.buyer.id)).toMatchObject([{ status: "reserved" }]);
});
