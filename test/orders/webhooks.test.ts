// Webhooks: every final change of an order is delivered to the shop, signed, until the shop accepts it.
import { createExecutionContext, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { OrderEvent } from "../../src/inventory/order-event.ts";
import { GIVE_UP_MS, nextDelivery } from "../../src/inventory/owed-events.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import type { DeadLetter } from "../../src/orders/delivery.ts";
import { putToSleep, stubOf } from "../inventory/object.ts";
import { givenClock } from "../support/clock.ts";
import { ADMIN_TOKEN, admin, read, request } from "../support/http.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { ledger, suppressLiveStock, until } from "../support/shop.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  TestGateway,
} from "./saga-fixtures.ts";
import {
  eventMessagesIn,
  givenEvent,
  givenShop,
  idsOf,
  OLD_SECRET,
  post,
  type Received,
  SECRET,
  settle,
  takeEventMessages,
  unannounced,
  VARS,
} from "./webhook-fixtures.ts";

beforeEach(emptyRedis);

beforeEach(redisIsBack);

test("delivers the event of a confirmed order once, signed per Standard Webhooks", async () => {
  const received = givenShop();
  const { event, order, buyer, skuId } = await givenEvent();
  expect(await unannounced(skuId)).toBe(1);

  expect(await post([event])).toEqual({ acked: 1, retried: 0 });

  const [{ headers, body }] = received as [Received];
  expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
    id: `${order.id}.2`,
    type: "order.confirmed",
    userId: buyer.id,
    order: { id: order.id, status: "confirmed", payment: "charged" },
  });
  expect(headers["webhook-id"]).toBe(`${order.id}.2`);
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
  expect(await unannounced(skuId)).toBe(0);
});

test("signs with the new and the old secret during a rotation, the newest first", async () => {
  const received = givenShop();
  const { event } = await givenEvent();

  await post([event]);

  const [{ headers, body }] = received as [Received];
  expect(new Webhook(OLD_SECRET).verify(body, headers)).toHaveProperty("id");
  const [first = "", second = "", ...others] = headers["webhook-signature"]?.split(" ") ?? [];
  expect(others).toEqual([]);
  const signedBy = (secret: string, signature: string) =>
    new Webhook(secret).verify(body, { ...headers, "webhook-signature": signature });
  expect(signedBy(SECRET, first)).toHaveProperty("id");
  expect(signedBy(OLD_SECRET, second)).toHaveProperty("id");
});

test("sends the same id and body for duplicate messages, and nothing once the event is delivered", async () => {
  const received = givenShop();
  const { event, ...purchase } = await givenEvent();
  await settle(purchase);

  await Promise.all([post([event, event]), post([event])]);
  expect(new Set(idsOf(received)).size).toBe(1);
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);

  const before = received.length;
  expect(await post([event])).toEqual({ acked: 1, retried: 0 });
  await settle(purchase);
  expect(received).toHaveLength(before);
});

test("retries an event under the same id until the shop accepts it", async () => {
  const received = givenShop((seen) => [500, 0, 302, 429, 200][seen - 1] ?? 200);
  const { event } = await givenEvent();

  for (const attempts of [1, 2, 3, 4]) {
    expect(await post([event], { attempts })).toEqual({ acked: 0, retried: 1 });
  }
  expect(await post([event], { attempts: 5 })).toEqual({ acked: 1, retried: 0 });

  expect(new Set(idsOf(received)).size).toBe(1);
});

describe("an event that the shop does not accept", () => {
  test("is sent again by the ledger for days, even if the object sleeps in between", async () => {
    suppressLiveStock();
    const clock = givenClock(Date.now());
    let up = false;
    const received = givenShop(() => (up ? 200 : 503));
    const { event, ...purchase } = await givenEvent();
    const { skuId, queue, order } = purchase;
    const since = Date.now();

    expect(await post([event], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });
    for (const days of [0, 1, 3, 6]) {
      clock.moveTo(since + days * 86_400_000 + 7_200_000);
      await putToSleep(skuId);
      await runDurableObjectAlarm(stubOf(skuId));
      clock.moveTo(Date.now() + 3_600_000);
      await runDurableObjectAlarm(stubOf(skuId));
      const [again] = await takeEventMessages(purchase);
      expect(await post([again], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });
      expect(queue.filter((body) => "diedAt" in body)).toEqual([]);
    }
    up = true;
    clock.moveTo(Date.now() + 3_600_000);
    await runDurableObjectAlarm(stubOf(skuId));
    await post(await takeEventMessages(purchase));

    expect(new Set(idsOf(received))).toEqual(new Set([`${order.id}.2`]));
    expect(await unannounced(skuId)).toBe(0);
  });

  test("is sent again at every attempt by an object that slept until its alarm", async () => {
    suppressLiveStock();
    const clock = givenClock(Date.now());
    const received = givenShop(() => 503);
    const { event, ...purchase } = await givenEvent();
    await post([event], { attempts: 10 });
    const since = Date.now();
    let attempts = 0;
    for (let at = nextDelivery(since, since); at && at < since + 4 * 3_600_000; ) {
      clock.moveTo(at + 100);
      await putToSleep(purchase.skuId);
      await runDurableObjectAlarm(stubOf(purchase.skuId));
      const before = received.length;
      await post(await takeEventMessages(purchase), { attempts: 10 });
      expect(received.length).toBe(before + 1);
      attempts += 1;
      at = nextDelivery(since, at);
    }
    expect(attempts).toBe(8);
  });

  test("survives an emptied Redis, for each of 20 orders", async () => {
    suppressLiveStock();
    const clock = givenClock(Date.now());
    let up = false;
    const received = givenShop(() => (up ? 200 : 0));
    const sale = await givenPaid({ stock: 20 });
    const ids: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const { order, event } = await givenEvent(sale);
      ids.push(`${order.id}.2`);
      for (const attempts of [1, 9, 10]) await post([event], { attempts });
    }
    await emptyRedis();
    up = true;
    received.length = 0;

    clock.moveTo(Date.now() + 1_200_000);
    await putToSleep(sale.skuId);
    await ledger(sale.skuId);
    clock.moveTo(Date.now() + 3_600_000);
    await runDurableObjectAlarm(stubOf(sale.skuId));
    const messages = await takeEventMessages(sale, 20);
    // The shop was down, so its breaker lets few events through at first, and the queue delivers the others again.
    await until("every event is delivered", async () => {
      await post(messages);
      return (await unannounced(sale.skuId)) === 0;
    });
    expect(new Set(idsOf(received))).toEqual(new Set(ids));
  });

  test("leaves no dead letter of the platform once the shop has it", async () => {
    const clock = givenClock(Date.now());
    givenShop();
    const [first, second] = [await givenEvent(), await givenEvent()];
    const letters = async () =>
      (await admin<{ deadLetters: DeadLetter[] }>("GET", "/dead-letters")).body.deadLetters;
    await post([first.event]);
    await deliver([first.event, second.event], { queue: "doorbuster-orders-dlq" });
    expect((await letters()).map(({ message }) => message)).toEqual([second.event]);

    // The platform gives up after a minute.
    clock.moveTo(Date.now() + 60_000);
    await post([second.event]);

    expect(await letters()).toEqual([]);
  });

  test("for a week becomes a dead letter with the reason, and can still be delivered", async () => {
    const clock = givenClock(Date.now());
    let up = false;
    const received = givenShop(() => (up ? 200 : 503));
    const { event, queue, order, skuId } = await givenEvent();
    clock.moveTo(Date.now() + GIVE_UP_MS);

    expect(await post([event], { attempts: 10 })).toEqual({ acked: 1, retried: 0 });

    const letter = await until("the dead letter", () =>
      (queue as unknown as DeadLetter[]).find(({ diedAt }) => diedAt),
    );
    expect(letter).toMatchObject({
      id: `${order.id}.2`,
      queue: "doorbuster-webhooks",
      message: event,
      reason: "the shop answered 503",
    });
    await deliver([letter], { queue: "doorbuster-orders-dlq" });
    const letters = async () =>
      (await admin<{ deadLetters: unknown[] }>("GET", "/dead-letters")).body;
    expect((await letters()).deadLetters).toHaveLength(1);

    up = true;
    await post([event]);
    expect(idsOf(received)).toContain(`${order.id}.2`);
    expect((await letters()).deadLetters).toEqual([]);
    expect(await unannounced(skuId)).toBe(0);
  });

  test("is retried at least every hour for more than three days, until a limit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: GIVE_UP_MS + 86_400_000 }), (age) => {
        const next = nextDelivery(0, age);
        if (next === undefined) expect(age).toBeGreaterThan(3 * 86_400_000);
        else {
          expect(next).toBeGreaterThan(age);
          expect(next - age).toBeLessThanOrEqual(3_600_000);
        }
      }),
    );
    expect(nextDelivery(0, GIVE_UP_MS - 1)).toBeGreaterThanOrEqual(GIVE_UP_MS);
    expect(nextDelivery(0, GIVE_UP_MS + 3_600_000)).toBeUndefined();
  });

  test("does not delay other events", async () => {
    const bad = await givenEvent();
    const good = await givenEvent();
    givenShop();
    const spy = vi.mocked(globalThis.fetch);
    const accept = spy.getMockImplementation() ?? fetch;
    spy.mockImplementation((input, init) =>
      String(init?.body).includes(bad.order.id)
        ? Promise.resolve(new Response(null, { status: 400 }))
        : accept(input, init),
    );

    expect(await post(["garbage", bad.event, good.event])).toEqual({ acked: 1, retried: 2 });
  });

  test("because its ledger did not answer is retried", async () => {
    const received = givenShop();
    const { event } = await givenEvent();
    const spy = vi.spyOn(SkuInventory.prototype, "owedEvents").mockImplementationOnce(() => {
      throw new Error("the object was moved");
    });
    onTestFinished(() => spy.mockRestore());
    expect(await post([event])).toEqual({ acked: 0, retried: 1 });
    expect(await post([event])).toEqual({ acked: 1, retried: 0 });
    expect(received).toHaveLength(1);
  });
});

test("delivers the current state of an order that changed after its message was sent", async () => {
  const received = givenShop();
  const { event, order, buyer, skuId } = await givenEvent();
  const money = { outcome: "refunded" } as const;
  await stubOf(skuId).recordPayments([{ userId: buyer.id, orderId: order.id, money, attempt: 1 }]);

  await post([event]);

  expect(idsOf(received)).toEqual([`${order.id}.3`]);
  expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
    type: "order.refunded",
    order: { version: 3, payment: "refunded" },
  });
});

test("delivers no event for a reserved order, but one for each cancellation and expiry", async () => {
  const received = givenShop();
  const holds = givenHolds();
  const sale = await givenPaid();
  const unpaid = await givenOrder(sale, {});
  const declined = await givenOrder(sale);
  const cancelled = await givenOrder(sale, {});
  const gateway = new TestGateway();
  gateway.declining = true;
  await settle(unpaid, gateway);
  await settle(declined, gateway);
  await cancel(cancelled);
  await settle(cancelled, gateway);
  await post(await takeEventMessages(sale));
  const delivered = () =>
    received
      .map(({ body }) => JSON.parse(body) as OrderEvent)
      .map(({ type, order }) => [type, order.id]);
  expect(delivered()).toEqual([["order.cancelled", cancelled.order.id]]);

  holds.end();
  await ledger(sale.skuId);
  for (const expired of [unpaid, declined]) {
    const message = await nextMessage(sale.queue, expired.order.id);
    await settle({ ...expired, message }, gateway);
    await post(await takeEventMessages(sale));
    expect(delivered().at(-1)).toEqual(["order.expired", expired.order.id]);
  }
});

test("delivers no event while a charge is undecided, and one when the order is final", async () => {
  const received = givenShop();
  const holds = givenHolds();
  const sale = await givenPaid();
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  gateway.mute = true;
  await settle(purchase, gateway);
  holds.end();
  await ledger(sale.skuId);
  gateway.down = true;
  const message = await nextMessage(sale.queue, purchase.order.id);
  await settle({ ...purchase, message }, gateway);
  expect(await unannounced(sale.skuId)).toBe(0);

  gateway.down = false;
  await settle({ ...purchase, message }, gateway);
  await post(await takeEventMessages(sale));
  expect(received.map(({ body }) => JSON.parse(body).type)).toEqual(["order.confirmed"]);
});

describe("without a webhook URL", () => {
  test("no event is owed, and an order writes no extra row", async () => {
    const { skuId, message } = await givenOrder(await givenPaid());
    const before = (await ledger(skuId)).activity.rowsWritten;
    await deliverTo(new TestGateway(), [message]);
    const after = await ledger(skuId);
    expect(after).toMatchObject({ unannounced: 0, unacknowledged: 0 });
    expect(after.activity.rowsWritten - before).toBeLessThanOrEqual(2); // settled, acknowledged
  });

  test("an event that is already owed waits", async () => {
    const { event, skuId } = await givenEvent();
    expect(await post([event], { vars: {} })).toEqual({ acked: 0, retried: 1 });
    expect(await post([event], { vars: {}, attempts: 10 })).toEqual({ acked: 1, retried: 0 });
    expect(await unannounced(skuId)).toBe(1);
  });
});

describe("a rebuild of a SKU", () => {
  const rebuild = async (skuId: string, query: string, vars: object) => {
    const sent = request("POST", `/api/admin/skus/${skuId}/rebuild${query}`, {
      token: ADMIN_TOKEN,
    });
    return read(await app.fetch(sent, { ...env, ...vars }, createExecutionContext()));
  };

  const ENV = { ...VARS, ORDER_WEBHOOK_SECRET: VARS.ORDER_WEBHOOK_SECRET.join(",") };

  test("delivers every event again under the same id, if requested", async () => {
    const received = givenShop();
    const { event, ...purchase } = await givenEvent();
    const reserved = await givenOrder(purchase, {});
    await settle(reserved);
    await post([event]);

    expect((await rebuild(purchase.skuId, "", ENV)).body).not.toHaveProperty("events");
    expect(eventMessagesIn(purchase)).toEqual([]);

    const { body } = await rebuild(purchase.skuId, "?events=true", ENV);
    expect(body).toMatchObject({ skuId: purchase.skuId, orders: 2, events: 1 });
    await post(await takeEventMessages(purchase));
    expect(idsOf(received)).toEqual([`${purchase.order.id}.2`, `${purchase.order.id}.2`]);
    expect(await unannounced(purchase.skuId)).toBe(0);
  });

  test("rejects that request without a webhook URL", async () => {
    const { skuId } = await givenPaid();
    expect((await rebuild(skuId, "?events=true", {})).code).toBe("invalid_request");
  });
});

test("delivers a message of an older release, which carries the event itself, as it is", async () => {
  const received = givenShop((seen) => (seen === 1 ? 500 : 200));
  const { order, buyer } = await givenOrder(await givenPaid());
  const event = { id: `${order.id}.2`, type: "order.confirmed", userId: buyer.id, order };
  expect(await post([event])).toEqual({ acked: 0, retried: 1 });
  expect(await post([event])).toEqual({ acked: 1, retried: 0 });
  expect(idsOf(received)).toEqual([event.id, event.id]);
});
