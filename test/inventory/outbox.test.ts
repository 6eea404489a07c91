// From the ledger to the queue: the object resends every unacknowledged order, whatever the queue did with it.
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
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
    await vi.waitUntil(() => spy.mock.calls.length > 0, { timeout: 20_000 });
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
      timeout: 20_000,
    });
    spy.mockRestore();
    return batches;
  });
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  expect(sizes.length).toBeLessThanOrEqual(11);
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
