// Holds expire on time, at the next command or at the alarm, even ten thousand at once.
import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { captureQueue, messagesAbout } from "../support/queue.ts";
import { until } from "../support/shop.ts";
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

const HOLD_MS = 10_000;

describe("a hold", () => {
  test("blocks its units until it ends, then releases them", async () => {
    captureQueue();
    const clock = givenClock(START);
    const skuId = await givenUnits(1, { price: 100 });
    const { userId, orderId } = aReservation(skuId);
    const mine = aReservation(skuId, { userId, orderId });
    await inventory(skuId).reserve(mine);

    clock.moveTo(START + HOLD_MS - 1);
    expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({
      ok: false,
      reason: "sold_out",
    });

    clock.moveTo(START + HOLD_MS);
    expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({ ok: true });
    expect(await inventory(skuId).find(mine)).toMatchObject({ status: "expired" });
  });

  test("ends at the alarm without any call, even if the object slept", async () => {
    const sent = captureQueue();
    const clock = givenClock(START);
    const skuId = await givenUnits(3, { price: 100 });
    const mine = aReservation(skuId, { quantity: 2 });
    await inventory(skuId).reserve(mine);
    await putToSleep(skuId);

    clock.moveTo(START + HOLD_MS);
    await runDurableObjectAlarm(stubOf(skuId));

    const units = await inside(skuId, (_, state) =>
      state.storage.sql.exec("SELECT status, version FROM orders").one(),
    );
    expect(units).toEqual({ status: "expired", version: 2 });
    await until("the expiry was sent", () =>
      messagesAbout(sent, skuId).some(({ version }) => version === 2),
    );
  });

  test("never ends for a free order, which awaits no payment", async () => {
    captureQueue();
    const clock = givenClock(START);
    const skuId = await givenUnits(1);
    const mine = aReservation(skuId);
    await inventory(skuId).reserve(mine);

    clock.moveTo(START + 100 * HOLD_MS);
    expect(await inventory(skuId).find(mine)).toMatchObject({ status: "reserved" });
    expect(await inventory(skuId).cancel(mine)).toMatchObject({ ok: true });
  });

  test("can be paid or cancelled until it ends, but not after", async () => {
    captureQueue();
    const clock = givenClock(START);
    const skuId = await givenUnits(4, { price: 100 });
    const reserved = async () => {
      const reservation = aReservation(skuId);
      await inventory(skuId).reserve(reservation);
      return reservation;
    };
    const [a, b, c, d] = [await reserved(), await reserved(), await reserved(), await reserved()];

    clock.moveTo(START + HOLD_MS - 1);
    expect(await inventory(skuId).pay(a, "tok_ok")).toMatchObject({ ok: true });
    expect(await inventory(skuId).cancel(b)).toMatchObject({ ok: true });

    clock.moveTo(START + HOLD_MS);
    expect(await inventory(skuId).pay(c, "tok_ok")).toEqual({
      ok: false,
      reason: "order_not_payable",
    });
    expect(await inventory(skuId).cancel(d)).toEqual({
      ok: false,
      reason: "order_not_cancellable",
    });
  });
});

test("ten thousand holds that end at once delay no buyer, and all their units are released", async () => {
  const HOLDS = 10_000;
  const ownerOf = (index: number) => `owner-${index}`;
  const clock = givenClock(START);
  const skuId = await givenUnits(HOLDS, { price: 100, perUserLimit: 1 });
  await sendsNothing(skuId);
  await inside(skuId, (object) => {
    for (let i = 0; i < HOLDS; i += 1) {
      object.reserve(aReservation(skuId, { userId: ownerOf(i) }));
    }
  });
  expect(await inventory(skuId).report()).toMatchObject({ held: HOLDS, available: 0 });
  clock.moveTo(START + HOLD_MS);

  // A purchase expires a few of them, not all.
  const purchase = await inside(skuId, async (object) => {
    const rows = async () => (await object.report())?.activity.rowsWritten ?? 0;
    const before = await rows();
    const { ok } = await object.reserve(aReservation(skuId));
    return { ok, written: (await rows()) - before };
  });
  expect(purchase.ok).toBe(true);
  expect(purchase.written).toBeLessThan(500);

  // An owner of an ended hold can buy again at once.
  const again = aReservation(skuId, { userId: ownerOf(HOLDS / 2) });
  expect(await inventory(skuId).reserve(again)).toMatchObject({ ok: true });

  // Alarms release the rest in slices, so other calls can run in between.
  const reserved = () =>
    inside(skuId, (_, { storage }) =>
      storage.sql.exec("SELECT count(*) AS n FROM orders WHERE status = 'reserved'").one(),
    );
  let rounds = 0;
  for (; Number((await reserved()).n) > 2; rounds += 1) await runDurableObjectAlarm(stubOf(skuId));
  expect(rounds).toBeGreaterThan(5);
  expect(await inventory(skuId).report()).toMatchObject({ held: 2, available: HOLDS - 2 });
});
