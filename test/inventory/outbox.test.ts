// From the ledger to the queue: the object resends every unacknowledged order, whatever the queue did with it.
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { givenClock } from "../support/clock.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { START } from "./commands.ts";
import { aReservation, givenUnits, inside, inventory, putToSleep, stubOf } from "./object.ts";

const unacknowledged = async (skuId: string) => (await inventory(skuId).report())?.unacknowledged;

test("resends a lost message at the alarm, and stops once the order is acknowledged", async () => {
  const sent = captureQueue();
  const clock = givenClock(START);
  const skuId = await givenUnits(1);
  await inventory(skuId).reserve(aReservation(skuId));
  const [message] = await takeMessages(sent, skuId, 1);

  clock.moveTo(START + 15_000);
  await runDurableObjectAlarm(stubOf(skuId));
  const again = await takeMessages(sent, skuId, 1);
  expect(again).toEqual([message]);

  await deliver(again);
  expect(await unacknowledged(skuId)).toBe(0);
  clock.moveTo(START + 3_600_000);
  await runDurableObjectAlarm(stubOf(skuId));
  expect(await inventory(skuId).report()).toMatchObject({ activity: { messagesSent: 2 } });
});

test("sends orders that were still unsent when the object was killed, as soon as it wakes", async () => {
  const sent = captureQueue();
  givenClock(START);
  const skuId = await givenUnits(3);
  for (let i = 0; i < 3; i += 1) await inventory(skuId).reserve(aReservation(skuId));
  const first = await takeMessages(sent, skuId, 3);
  await putToSleep(skuId);

  await inventory(skuId).report();
  await runDurableObjectAlarm(stubOf(skuId));
  const ids = (messages: typeof sent) => messages.map(({ orderId }) => orderId).sort();
  expect(ids(await takeMessages(sent, skuId, 3))).toEqual(ids(first));
});

test("accepts orders while the queue is down, and sends them once it is back", async () => {
  const sent = captureQueue();
  const clock = givenClock(START);
  const skuId = await givenUnits(5);
  await inside(skuId, async (object) => {
    const queue = (object as unknown as { env: Env }).env.ORDERS;
    const spy = vi.spyOn(queue, "sendBatch").mockRejectedValue(new Error("too many requests"));
    for (let i = 0; i < 5; i += 1) {
      expect(await object.reserve(aReservation(skuId))).toMatchObject({ ok: true });
    }
    await vi.waitUntil(() => spy.mock.calls.length > 0, { timeout: 60_000 });
    spy.mockRestore();
  });
  expect(await inventory(skuId).report()).toMatchObject({
    held: 5,
    unacknowledged: 5,
    activity: { messagesSent: 0 },
  });

  clock.moveTo(START + 15_000);
  await runDurableObjectAlarm(stubOf(skuId));
  expect(await takeMessages(sent, skuId, 5)).toHaveLength(5);
});

test("sends a burst in few batches, none larger than the queue accepts", async () => {
  givenClock(START);
  const skuId = await givenUnits(1_000);
  const sizes = await inside(skuId, async (object) => {
    const queue = (object as unknown as { env: Env }).env.ORDERS;
    const batches: number[] = [];
    const spy = vi.spyOn(queue, "sendBatch").mockImplementation(async (messages) => {
      const all = [...messages];
      expect(JSON.stringify(all).length).toBeLessThan(256_000);
      batches.push(all.length);
      return {} as Awaited<ReturnType<typeof queue.sendBatch>>;
    });
    for (let i = 0; i < 1_000; i += 1) object.reserve(aReservation(skuId));
    await vi.waitUntil(() => batches.reduce((sum, size) => sum + size, 0) === 1_000, {
      timeout: 60_000,
    });
    spy.mockRestore();
    return batches;
  });
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  expect(sizes.length).toBeLessThanOrEqual(11);
});

/** Orders that wait in line for their payment, and are due to be sent again. Nothing of them is left to publish. */
async function givenInLine(count: number) {
  const sent = captureQueue();
  const clock = givenClock(START);
  const skuId = await givenUnits(count, { price: 100 });
  const orders = Array.from({ length: count }, () => aReservation(skuId, { paymentToken: "tok" }));
  await inside(skuId, async (object) => {
    for (const order of orders) await object.reserve(order);
    object.acknowledge(orders.map((order) => ({ ...order, version: 1 })));
  });
  await takeMessages(sent, skuId, count);
  clock.moveTo(START + 15_000);
  return { skuId, sent, orderIds: orders.map(({ orderId }) => orderId).sort() };
}

/** Rings the alarm of an object. The line of the payments refuses the orders that the test names. */
async function enteredAtAlarm(skuId: string, refuse: (ids: string[]) => Promise<string[]>) {
  const calls: string[][] = [];
  await inside(skuId, async (object) => {
    const { PAYMENT_SCHEDULER } = (object as unknown as { env: Env }).env;
    const enter = (messages: OrderMessage[]) => {
      const ids = messages.map(({ orderId }) => orderId).sort();
      calls.push(ids);
      return refuse(ids);
    };
    const stub = { enter } as unknown as ReturnType<typeof PAYMENT_SCHEDULER.getByName>;
    const spy = vi.spyOn(PAYMENT_SCHEDULER, "getByName").mockReturnValue(stub);
    await object.alarm();
    spy.mockRestore();
  });
  return calls;
}

test("reminds the line of the payments of all orders that wait in it by one call, without a message", async () => {
  const { skuId, orderIds } = await givenInLine(120);

  const calls = await enteredAtAlarm(skuId, async () => []);

  expect(calls).toEqual([orderIds]);
  expect(await inventory(skuId).report()).toMatchObject({
    unacknowledged: 120,
    activity: { messagesSent: 120 },
  });
});

test("sends the queue what the line of the payments does not take, or all if it does not answer", async () => {
  const { skuId, sent, orderIds } = await givenInLine(3);
  const idsOf = (messages: OrderMessage[]) => messages.map(({ orderId }) => orderId).sort();

  await enteredAtAlarm(skuId, async (ids) => ids.slice(0, 1));
  expect(idsOf(await takeMessages(sent, skuId, 1))).toEqual(orderIds.slice(0, 1));

  vi.setSystemTime(START + 60_000);
  await enteredAtAlarm(skuId, () => Promise.reject(new Error("down")));
  expect(idsOf(await takeMessages(sent, skuId, 3))).toEqual(orderIds);
});

test("sends orders to the queue after the object slept, because it does not know what the line has", async () => {
  const { skuId, sent } = await givenInLine(2);
  await putToSleep(skuId);

  await inventory(skuId).report();
  await runDurableObjectAlarm(stubOf(skuId));

  expect(await takeMessages(sent, skuId, 2)).toHaveLength(2);
});

test("leaves an order unacknowledged if it changed while an older version was being written", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(1, { price: 100 });
  const order = aReservation(skuId);
  await inventory(skuId).reserve(order);
  using claim = await inventory(skuId).claim([order]);
  await inventory(skuId).cancel(order);

  await claim.session.acknowledge([{ ...order, version: 1 }]);
  expect(await unacknowledged(skuId)).toBe(1);
  await claim.session.acknowledge([{ ...order, version: 2 }]);
  expect(await unacknowledged(skuId)).toBe(0);
});

test("ignores an acknowledgment of an unknown version, an unknown order or another user's order", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(1, { price: 100 });
  const order = aReservation(skuId);
  await inventory(skuId).reserve(order);
  using claim = await inventory(skuId).claim([order]);
  await claim.session.acknowledge([
    { ...order, version: 2 },
    { ...order, userId: "somebody-else", version: 1 },
    { ...order, orderId: aReservation(skuId).orderId, version: 1 },
  ]);
  expect(await unacknowledged(skuId)).toBe(1);
});

test("reports an order as stuck if it stays unacknowledged for an hour", async () => {
  captureQueue();
  const clock = givenClock(START);
  const skuId = await givenUnits(1);
  const order = aReservation(skuId);
  await inventory(skuId).reserve(order);
  expect(await inventory(skuId).report()).toMatchObject({ stuck: [] });

  clock.moveTo(START + 3_600_000);
  const stuck = [{ userId: order.userId, orderId: order.orderId }];
  expect(await inventory(skuId).report()).toMatchObject({ stuck });
  await putToSleep(skuId);
  expect(await inventory(skuId).report()).toMatchObject({ stuck });
});
