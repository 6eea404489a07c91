// Events about orders that are not final yet, which a shop gets if it asks for them.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { OrderEvent } from "../../src/inventory/order-event.ts";
import type { WebhookConfig } from "../../src/orders/shop-receiver.ts";
import { putToSleep, stubOf } from "../inventory/object.ts";
import { givenClock } from "../support/clock.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { ledger, suppressLiveStock } from "../support/shop.ts";
import {
  cancel,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type Purchase,
  pay,
  TestGateway,
} from "./saga-fixtures.ts";
import {
  eventMessagesIn,
  givenShop,
  post,
  type Received,
  settle,
  takeEventMessages,
  unannounced,
  VARS,
} from "./webhook-fixtures.ts";

beforeEach(emptyRedis);
beforeEach(redisIsBack);

const asking = (...events: WebhookConfig["ORDER_WEBHOOK_EVENTS"]) => ({
  ...VARS,
  ORDER_WEBHOOK_EVENTS: events,
});
const RESERVED = asking("order.reserved");
const BOTH = asking("order.reserved", "order.payment_changed");

const eventsIn = (received: Received[]) =>
  received.map(({ body }) => JSON.parse(body) as OrderEvent);
const shown = (received: Received[]) =>
  eventsIn(received).map(({ id, type, order }) => [type, id.split(".").at(-1), order.payment]);

/** Has the consumer take the next step of an order. */
async function settleNext(purchase: Purchase, gateway = new TestGateway(), vars = BOTH) {
  const message = await nextMessage(purchase.queue, purchase.order.id);
  await settle({ ...purchase, message }, gateway, vars);
}

/** The same, and delivers the event that follows. */
async function deliverNext(purchase: Purchase, gateway = new TestGateway(), vars = BOTH) {
  await settleNext(purchase, gateway, vars);
  await post(await takeEventMessages(purchase), { vars });
}

test("tells of a reserved order, of the bank's question, of a decline, and of the end, without secrets", async () => {
  const received = givenShop();
  const purchase = await givenOrder(await givenPaid(), {});
  const gateway = new TestGateway();
  await settle(purchase, gateway, BOTH);
  await post(await takeEventMessages(purchase), { vars: BOTH });
  gateway.asking = true;
  await pay(purchase, "tok_first");
  await settleNext(purchase, gateway);
  await deliverNext(purchase, gateway);
  gateway.asking = false;
  gateway.declining = true;
  await pay(purchase, "tok_second");
  await settleNext(purchase, gateway);
  await deliverNext(purchase, gateway);
  await cancel(purchase);
  await settleNext(purchase, gateway);
  await deliverNext(purchase, gateway);

  expect(shown(received)).toEqual([
    ["order.reserved", "1", undefined],
    ["order.payment_changed", "3", "action_required"],
    ["order.payment_changed", "5", "declined"],
    ["order.cancelled", "7", "voided"],
  ]);
  const bodies = received.map(({ body }) => body).join();
  expect(bodies).not.toMatch(/secret|tok_|token|fingerprint|idempotency/i);
  expect(await unannounced(purchase.skuId)).toBe(0);
});

test("tells of no reserved order that is free or already charged by the time of the delivery", async () => {
  const received = givenShop();
  const free = await givenOrder(await givenPaid({ price: 0 }), {});
  await settle(free, undefined, BOTH);
  await post(await takeEventMessages(free), { vars: BOTH });
  const paid = await givenOrder(await givenPaid(), {});
  await settle(paid, undefined, BOTH);
  const [early] = await takeEventMessages(paid);
  await pay(paid, "tok_ok");
  await settleNext(paid);
  await post([early], { vars: BOTH });
  await deliverNext(paid);

  expect(shown(received)).toEqual([
    ["order.confirmed", "2", undefined],
    ["order.confirmed", "3", "charged"],
  ]);
});

test("delivers a reserved order late, with its payment as it is now, to a shop that asked for that event alone", async () => {
  suppressLiveStock();
  const clock = givenClock(Date.now());
  let up = false;
  const received = givenShop(() => (up ? 204 : 400));
  const purchase = await givenOrder(await givenPaid(), {});
  const gateway = new TestGateway();
  await settle(purchase, gateway, RESERVED);
  await post(await takeEventMessages(purchase), { vars: RESERVED, attempts: 10 });
  gateway.declining = true;
  await pay(purchase, "tok_bad");
  await settleNext(purchase, gateway, RESERVED);
  await settleNext(purchase, gateway, RESERVED);
  expect(eventMessagesIn(purchase)).toEqual([]); // the decline makes no event of its own
  up = true;
  received.length = 0;
  await putToSleep(purchase.skuId);
  await ledger(purchase.skuId);
  clock.moveTo(Date.now() + 120_000);
  await runDurableObjectAlarm(stubOf(purchase.skuId));
  await post(await takeEventMessages(purchase), { vars: RESERVED });

  expect(shown(received)).toEqual([["order.reserved", "3", "declined"]]);
});

describe("costs", () => {
  const rows = async (skuId: string) => (await ledger(skuId)).activity.rowsWritten;

  test("nothing for a reserved order if nobody asks", async () => {
    const { skuId, ...purchase } = await givenOrder(await givenPaid(), {});
    const before = await ledger(skuId);
    await settle({ skuId, ...purchase });
    const after = await ledger(skuId);
    expect(after.unannounced).toBe(0);
    expect(after.activity.rowsWritten - before.activity.rowsWritten).toBe(1); // acknowledged
    expect(after.activity.messagesSent).toBe(before.activity.messagesSent);
  });

  test("one row and one message for each event that is asked for", async () => {
    givenShop();
    const purchase = await givenOrder(await givenPaid(), {});
    const before = await rows(purchase.skuId);
    await settle(purchase, undefined, BOTH);
    expect((await rows(purchase.skuId)) - before).toBe(1); // acknowledged and owed
    const messages = await takeEventMessages(purchase);
    await post(messages, { vars: BOTH });
    expect(messages).toHaveLength(1);
    expect((await rows(purchase.skuId)) - before).toBe(2);
  });
});

test("keeps an event that is no longer asked for away from the shop, and tells of the end", async () => {
  const received = givenShop();
  const holds = givenHolds();
  const purchase = await givenOrder(await givenPaid(), {});
  await settle(purchase, undefined, BOTH);
  expect(await post(await takeEventMessages(purchase))).toEqual({ acked: 1, retried: 0 });
  holds.end();
  await ledger(purchase.skuId);
  await deliverNext(purchase, new TestGateway(), asking());
  expect(shown(received)).toEqual([["order.expired", "2", undefined]]);
});
