// The object's alarm expires holds and resends orders without any call. A lost alarm, or one set by a wrong
// clock, must not block the next one.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { AlarmClock } from "../../src/inventory/alarm-clock.ts";
import { givenClock } from "../support/clock.ts";
import { captureQueue, takeMessages } from "../support/queue.ts";
import { START } from "./commands.ts";
import { aReservation, givenUnits, inside, inventory, putToSleep, stubOf } from "./object.ts";

const DAY_MS = 86_400_000;
const HOLD_MS = 10_000;

const alarmOf = (skuId: string) => inside(skuId, (_, { storage }) => storage.getAlarm());
const setAlarm = (skuId: string, at: number) =>
  inside(skuId, (_, { storage }) => storage.setAlarm(at));

let sent: ReturnType<typeof captureQueue>;
beforeEach(() => {
  sent = captureQueue();
});

describe("an object that wakes", () => {
  test.each([
    ["two days ago", START - 2 * DAY_MS],
    ["a second ago", START - 1_000],
    ["in three years", START + 1_000 * DAY_MS],
  ])("resets an alarm that was set for %s", async (_, at) => {
    const clock = givenClock(START);
    const skuId = await givenUnits(2, { price: 100 });
    const held = aReservation(skuId);
    await inventory(skuId).reserve(held);
    await takeMessages(sent, skuId, 1);
    await setAlarm(skuId, at);
    await putToSleep(skuId);

    await inventory(skuId).report();
    expect(await alarmOf(skuId)).toBe(Date.now()); // unacknowledged orders are due at once
    await runDurableObjectAlarm(stubOf(skuId));
    expect(await takeMessages(sent, skuId, 1)).toHaveLength(1);
    expect(await alarmOf(skuId)).toBe(START + HOLD_MS);
    clock.moveTo(START + HOLD_MS);
    await runDurableObjectAlarm(stubOf(skuId));
    expect(await inventory(skuId).find(held)).toMatchObject({ status: "expired" });
  });

  test("does not reset an alarm that is early enough", async () => {
    givenClock(START);
    const skuId = await givenUnits(1, { price: 100 });
    const order = aReservation(skuId);
    await inventory(skuId).reserve(order);
    await inside(skuId, (object) => object.acknowledge([{ ...order, version: 1 }]));
    await setAlarm(skuId, START + 1_000);
    await putToSleep(skuId);
    await inventory(skuId).report();
    expect(await alarmOf(skuId)).toBe(START + 1_000);
  });
});

describe("an object that stays awake", () => {
  test("resets a lost alarm even at a call that only reads", async () => {
    const clock = givenClock(START);
    const skuId = await givenUnits(1);
    await inventory(skuId).reserve(aReservation(skuId));
    expect(await alarmOf(skuId)).toBe(START + HOLD_MS);

    clock.moveTo(START + 2 * DAY_MS);
    await inventory(skuId).report();
    expect(await alarmOf(skuId)).toBe(START + 2 * DAY_MS);
  });

  test("resets a lost alarm if only an event to the shop is pending", async () => {
    const clock = givenClock(START);
    const skuId = await givenUnits(1);
    const order = aReservation(skuId);
    await inventory(skuId).reserve(order);
    await inside(skuId, (object) => {
      object.claim([order]);
      object.acknowledge([{ ...order, version: 2, owed: true }]);
    });
    clock.moveTo(START + 2 * DAY_MS);
    await inventory(skuId).report();
    expect(await alarmOf(skuId)).toBe(START + 2 * DAY_MS);
  });

  test("resends an order soon even if the clock was three days ahead when it was made", async () => {
    const clock = givenClock(START);
    const skuId = await givenUnits(1);
    await inventory(skuId).reserve(aReservation(skuId));
    await takeMessages(sent, skuId, 1);

    const rightTime = START - 3 * DAY_MS;
    clock.moveTo(rightTime);
    await inventory(skuId).report();
    expect(await alarmOf(skuId)).toBe(rightTime);
    await runDurableObjectAlarm(stubOf(skuId));
    expect(await takeMessages(sent, skuId, 1)).toHaveLength(1);
    expect(await alarmOf(skuId)).toBeLessThanOrEqual(rightTime + 600_000);
  });
});

describe("the alarm clock", () => {
  async function givenAlarm(at: number | null) {
    const storage = { getAlarm: async () => at, setAlarm: vi.fn(async () => {}) };
    const alarm = new AlarmClock(storage);
    await alarm.load();
    return { alarm, set: storage.setAlarm.mock.calls as unknown as [number][] };
  }

  test("sets one alarm for any number of overdue duties", async () => {
    const clock = givenClock(START);
    const { alarm, set } = await givenAlarm(null);
    for (let i = 0; i < 100; i += 1) {
      clock.moveTo(START + i * 10);
      alarm.fireBy([START - 60_000 - i]);
    }
    expect(set).toEqual([[START]]);
    clock.moveTo(START + 10_000);
    alarm.fireBy([START - 60_000]);
    expect(set).toEqual([[START], [START + 10_000]]);
  });

  test("sets one alarm for a duty that is far ahead", async () => {
    givenClock(START);
    const { alarm, set } = await givenAlarm(null);
    for (let i = 0; i < 10; i += 1) alarm.fireBy([START + 1_000 * DAY_MS]);
    expect(set).toEqual([[START + 1_000 * DAY_MS]]);
    alarm.fireBy([START + 60_000]);
    expect(set).toHaveLength(2);
  });

  test("leaves a pause between two alarms, so that duties of a rush share them", async () => {
    const clock = givenClock(START);
    const { alarm, set } = await givenAlarm(null);
    const dueAt = Array.from({ length: 1_000 }, (_, nth) => START + 10_000 + nth * 3);
    alarm.fireBy(dueAt);
    for (let at = set[0]?.[0] ?? 0; dueAt.some((due) => due > at); at = set.at(-1)?.[0] ?? 0) {
      clock.moveTo(at);
      alarm.fired();
      alarm.fireBy(dueAt.filter((due) => due > at));
    }
    expect(set.length).toBeLessThanOrEqual(8); // in three seconds
    expect(set.at(-1)?.[0]).toBeLessThan((dueAt.at(-1) ?? 0) + 1_000);
  });

  test("waits for no pause that a wrong clock made long", async () => {
    const clock = givenClock(START);
    const { alarm, set } = await givenAlarm(null);
    alarm.fireBy([START]);
    alarm.fired();
    clock.moveTo(START - DAY_MS);
    alarm.fireBy([START - DAY_MS]);
    expect(set.at(-1)?.[0]).toBeLessThan(START - DAY_MS + 1_000);
  });

  test("sets no alarm without a duty", async () => {
    givenClock(START);
    const { alarm, set } = await givenAlarm(START - DAY_MS);
    alarm.fireBy([]);
    expect(set).toEqual([]);
  });
});
