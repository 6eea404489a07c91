// How much an object reads when it wakes: the open orders, and not what it ever sold.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { copyOrder } from "../../src/local/bench/copied-orders.ts";
import { givenClock } from "../support/clock.ts";
import { captureQueue } from "../support/queue.ts";
import { START } from "./commands.ts";
import {
  aReservation,
  givenUnits,
  inside,
  inventory,
  putToSleep,
  sendsNothing,
  stubOf,
} from "./object.ts";

const MILLION = 1_000_000;

beforeEach(() => void captureQueue());

/** The name of a copy by its number. */
const nameOf = (what: string, n: number, digits: number) => what + String(n).padStart(digits, "0");
const userOf = (n: number) => nameOf("user-", n, 31);

/** An acknowledged order of one unit, and as many copies of it that there are `count`. */
async function givenFinished(count: number): Promise<string> {
  const skuId = await givenUnits(count + 2);
  const first = aReservation(skuId);
  await inventory(skuId).reserve(first);
  await inside(skuId, (object, { storage }) => {
    object.claim([first]);
    object.acknowledge([{ ...first, version: 2 }]);
    copyOrder(storage.sql, first.orderId, count);
  });
  await putToSleep(skuId);
  return skuId;
}

const reportOf = async (skuId: string) => {
  const report = await inventory(skuId).report();
  if (!report) throw new Error("nothing was ever on sale");
  return report;
};

test("an object with a million finished orders reads a few rows when it wakes, and knows all of them", async () => {
  givenClock(START);
  const skuId = await givenFinished(MILLION);
  // The first wake after the release counts them.
  expect(await reportOf(skuId)).toMatchObject({ sold: MILLION, available: 2 });
  const late = aReservation(skuId);
  await inventory(skuId).reserve(late);
  await putToSleep(skuId);

  const { activity, ...report } = await reportOf(skuId);
  expect(activity.rowsRead).toBeLessThan(20);
  expect(activity.rowsWritten).toBe(0);
  expect(report).toMatchObject({ sold: MILLION, held: 1, available: 1, unacknowledged: 1 });

  const old = { userId: userOf(500_000), idempotencyKey: nameOf("key-", 500_000, 32) };
  expect(await inventory(skuId).reserve(aReservation(skuId, old))).toMatchObject({
    replayed: true,
    order: { id: nameOf(`${skuId}.0.`, 500_000, 20) },
  });
  const again = aReservation(skuId, { userId: old.userId, quantity: 5 });
  expect(await inventory(skuId).reserve(again)).toMatchObject({ reason: "user_limit_reached" });
  expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({ replayed: false });
  expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({ reason: "sold_out" });
  expect((await reportOf(skuId)).activity.rowsRead).toBeLessThan(50);
});

test("an object whose orders were all open at once reads few rows once they are finished", async () => {
  givenClock(START);
  const rush = 3_000;
  const skuId = await givenUnits(rush);
  await sendsNothing(skuId);
  const before = (await reportOf(skuId)).activity.rowsWritten;
  await inside(skuId, (object) => {
    const orders = Array.from({ length: rush }, () => aReservation(skuId));
    for (const order of orders) object.reserve(order);
    object.claim(orders);
    object.acknowledge(orders.map((order) => ({ ...order, version: 2 })));
  });
  const { activity } = await reportOf(skuId);
  expect(activity.rowsWritten - before).toBe(4 * rush);
  await putToSleep(skuId);
  expect((await reportOf(skuId)).activity.rowsRead).toBeGreaterThan(rush);
  await runDurableObjectAlarm(stubOf(skuId));
  await putToSleep(skuId);

  const woken = await reportOf(skuId);
  expect(woken.activity.rowsRead).toBeLessThan(50);
  expect(woken).toMatchObject({ sold: rush, available: 0 });
});

test("a ledger that an older release wrote to after a rollback is counted again", async () => {
  givenClock(START);
  const skuId = await givenUnits(10);
  const order = aReservation(skuId);
  await inventory(skuId).reserve(order);
  await inside(skuId, (_, { storage: { sql } }) => {
    copyOrder(sql, order.orderId, 4);
    const confirm = "UPDATE orders SET status = 'confirmed', version = 2, acknowledged = 2";
    sql.exec(`${confirm} WHERE user_id = ?`, userOf(2));
  });
  await putToSleep(skuId);
  expect(await reportOf(skuId)).toMatchObject({ held: 3, sold: 1, available: 6 });
  await putToSleep(skuId);
  expect(await reportOf(skuId)).toMatchObject({ held: 3, sold: 1, available: 6 });
});

test("the sample for the reconciliation goes through all finished orders in turn", async () => {
  givenClock(START);
  const skuId = await givenFinished(120);
  const seen = new Set<string>();
  for (let call = 0; call < 3; call += 1) {
    const orders = await inventory(skuId).sample(50);
    expect(new Set(orders.map(({ order }) => order.id)).size).toBe(50);
    for (const { order } of orders) seen.add(order.id);
    await putToSleep(skuId);
  }
  expect(seen.size).toBe(120);
});
