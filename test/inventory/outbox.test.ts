// From the ledger to the queue: what was not acknowledged is sent again, whatever the queue did with it.
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { givenClock } from "../support/clock.ts";
import { deliver, heldQueue, takeMessages } from "../support/queue.ts";
import { START } from "./commands.ts";
import { aReservation, givenUnits, inside, inventory, putToSleep, stubOf } from "./object.ts";

const unacknowledged = async (skuId: string) => (await inventory(skuId).report())?.unacknowledged;

test("a lost message is sent again at the alarm, and no more once it is acknowledged", async () => {
  const sent = heldQueue();
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

test("what an object never got out before it was killed is sent when it wakes", async () => {
  const sent = heldQueue();
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

test("a queue that refuses costs nobody their order: it is sent when the queue is back", async () => {
  const sent = heldQueue();
  const clock = givenClock(START);
  const skuId = await givenUnits(5);
  await inside(skuId, async (object) => {
    const queue = (object as unknown as { env: Env }).env.ORDERS;
    const spy = vi.spyOn(queue, "sendBatch").mockRejectedValue(new Error("too many requests"));
    for (let i = 0; i < 5; i += 1) expect(object.reserve(aReservation(skuId)).ok).toBe(true);
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

test("a burst travels in few batches, none above what the queue takes", async () => {
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

test("an order that moved on while it was written is not acknowledged by its older version", async () => {
  heldQueue();
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

test("nobody can acknowledge a version that does not exist, or an order of somebody else", async () => {
  heldQueue();
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

test("an order nobody acknowledges is shown to the operator as stuck", async () => {
  heldQueue();
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
