// Paused payments: no charge is sent, nobody's hold runs out because of it, and everything goes on afterwards.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { MAX_PAUSE_MS } from "../../src/inventory/hold-clock.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { schedulerOf } from "../../src/inventory/scheduler-client.ts";
import { PAYMENTS_QUEUE } from "../../src/orders/payment-retry.ts";
import { PaymentRunner } from "../../src/orders/payment-runner.ts";
import { call } from "../support/http.ts";
import { captureQueue, deliverBatch } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  bought,
  buyers,
  ledger,
  onSale,
  order,
  settled,
  showOrder,
  unique,
  until,
} from "../support/shop.ts";
import { givenSwitches, noSwitches } from "../support/switches.ts";
import {
  bankEntry,
  givenOrder,
  givenPaid,
  PRICE,
  pay,
  paymentOf,
  restartScheduler,
} from "./saga-fixtures.ts";

const PAUSED = { name: "paymentsPaused", value: true };
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

beforeEach(emptyRedis);
beforeEach(restartScheduler);
afterEach(noSwitches);

const inLine = async (count: number) =>
  until(`${count} payments wait`, async () => (await schedulerOf(env).view()).length === count);

/** Orders of paid units whose buyers pay while payments are paused. */
async function givenPaidDuringPause(count: number, pause: object = PAUSED) {
  const skuId = await onSale({ price: PRICE, stock: 30 });
  const crowd = await buyers(count);
  const orders = await Promise.all(crowd.map((buyer) => bought(buyer, skuId)));
  await givenSwitches(pause);
  const purchases = orders.map((each, i) => ({
    ...{ skuId, queue: [], order: each },
    buyer: crowd[i] as (typeof crowd)[number],
    message: {} as OrderMessage,
  }));
  for (const purchase of purchases) expect((await pay(purchase, "tok_ok")).status).toBe(202);
  return purchases;
}

test("sends no charge while payments are paused, and every one afterwards", async () => {
  const purchases = await givenPaidDuringPause(3);
  const [{ skuId }] = purchases as [(typeof purchases)[0]];
  await inLine(3);
  for (const { order } of purchases) expect(await bankEntry(order)).toBeUndefined();

  await noSwitches();

  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 3, held: 0 });
  for (const { order } of purchases) expect(await bankEntry(order)).toMatchObject({ charges: 1 });
});

test("goes on by the clock alone once the pause has ended", async () => {
  const [purchase] = await givenPaidDuringPause(1, { ...PAUSED, until: inMinutes(1) });
  await inLine(1);
  vi.setSystemTime(Date.now() + 60_000);
  onTestFinished(() => void vi.useRealTimers());
  await until("the order is confirmed", async () => {
    const { buyer, order } = purchase as NonNullable<typeof purchase>;
    return (await showOrder(buyer, order.id)).body.status === "confirmed";
  });
});

test("stays paused when the scheduler restarts and its orders are sent again", async () => {
  const queue = captureQueue();
  const purchase = await givenOrder(await givenPaid({}, queue), {});
  await givenSwitches(PAUSED);
  await pay(purchase, "tok_ok");
  for (let i = 0; i < 2; i += 1) {
    await restartScheduler();
    const { acked } = await enter([purchase.message]);
    expect(acked).toHaveLength(1);
    await inLine(1);
    expect(await bankEntry(purchase.order)).toBeUndefined();
  }
  await noSwitches();
  await until("the order is charged", async () => (await bankEntry(purchase.order))?.charges);
});

test("sends no charge after a restart until the registry has answered", async () => {
  const queue = captureQueue();
  const purchase = await givenOrder(await givenPaid({}, queue));
  const registry = vi.spyOn(env.SALE_REGISTRY, "getByName").mockImplementation(() => {
    throw new Error("down");
  });
  onTestFinished(() => registry.mockRestore());
  await restartScheduler();
  await enter([purchase.message]);
  await inLine(1);
  expect(await bankEntry(purchase.order)).toBeUndefined();
  registry.mockRestore();
  await until("the order is charged", async () => (await bankEntry(purchase.order))?.charges);
});

const enter = (messages: unknown[]) => deliverBatch(messages, { queue: PAYMENTS_QUEUE });

test("uses up no try of a message or a payment, however long the pause is", async () => {
  const queue = captureQueue();
  const message: OrderMessage = {
    ...{ v: 1, skuId: "sku", lane: 0, userId: "ann", version: 1 },
    orderId: unique("order"),
  };
  const terms: boolean[] = [];
  const spy = vi.spyOn(PaymentRunner.prototype, "settle").mockImplementation(async (_, given) => {
    terms.push(given.mayCharge);
    return { is: given.mayCharge ? "done" : "held" };
  });
  onTestFinished(() => spy.mockRestore());
  await givenSwitches(PAUSED);

  // The ledger sends it again and again.
  for (let i = 1; i <= 20; i += 1) expect(await schedulerOf(env).enter([message])).toEqual([]);
  await inLine(1);
  await noSwitches();
  await until("the payment is settled", () => terms.includes(true));

  expect(terms).toEqual([false, true]);
  expect(queue.filter(({ orderId }) => orderId === message.orderId)).toEqual([]);
});

test("stops the clock of a hold whose buyer has paid, and says so", async () => {
  const [purchase] = await givenPaidDuringPause(1);
  const { buyer, order } = purchase as NonNullable<typeof purchase>;
  const shown = (await showOrder(buyer, order.id)).body;
  expect(shown).toMatchObject({ status: "reserved", payment: "due" });
  const longer = Date.parse(shown.expiresAt) - Date.parse(order.expiresAt);
  expect(longer).toBeGreaterThanOrEqual(MAX_PAUSE_MS);
  const view = await paymentOf(purchase as NonNullable<typeof purchase>);
  expect(view).toMatchObject({ state: "due", notice: expect.stringContaining("stays reserved") });
  expect(view).not.toHaveProperty("estimatedSeconds");
});

test("tells buyers how long the payment waits, and the operator's words, if both are known", async () => {
  const pause = { ...PAUSED, until: inMinutes(5), notice: "Our bank is down." };
  const [purchase] = await givenPaidDuringPause(1, pause);
  const view = await paymentOf(purchase as NonNullable<typeof purchase>);
  expect(view.notice).toMatch(/^Our bank is down\. Yours is sent/);
  expect(view.estimatedSeconds).toBeGreaterThan(290);
  expect(view.estimatedSeconds).toBeLessThanOrEqual(300);
});

test("refuses a payment that would wait longer than a hold can", async () => {
  const skuId = await onSale({ price: PRICE });
  const buyer = await aBuyer();
  const { id } = await bought(buyer, skuId);
  await givenSwitches({ ...PAUSED, until: inMinutes(40) });
  const body = { paymentToken: "tok_ok" };
  const refused = await call("POST", `/api/orders/${id}/payment`, { token: buyer.token, body });
  expect([refused.status, refused.code]).toEqual([503, "unavailable"]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(590);
  expect((await showOrder(buyer, id)).body.payment).toBeUndefined();
});

test("voids a payment whose order is cancelled, and charges nobody later", async () => {
  const [purchase] = await givenPaidDuringPause(1);
  const { buyer, order, skuId } = purchase as NonNullable<typeof purchase>;
  await inLine(1);
  await call("DELETE", `/api/orders/${order.id}`, { token: buyer.token });
  await until("the payment is voided", async () => {
    return (await showOrder(buyer, order.id)).body.payment === "voided";
  });
  await noSwitches();
  await settled(skuId);
  expect((await bankEntry(order))?.charges ?? 0).toBe(0);
});

test("refunds go on while payments are paused", async () => {
  const skuId = await onSale({ price: PRICE });
  const buyer = await aBuyer();
  const { id } = await bought(buyer, skuId, { paymentToken: "tok_ok" });
  await settled(skuId);
  await givenSwitches(PAUSED);
  const headers = { "idempotency-key": unique("key"), authorization: "Bearer test-admin-token" };
  const body = { backOnSale: true, reason: "a test" };
  const accepted = await call("POST", `/api/admin/orders/${id}/refund`, { headers, body });
  expect(accepted.status).toBe(202);
  await until("the order is refunded", async () => {
    return (await showOrder(buyer, id)).body.status === "refunded";
  });
  expect((await order(await aBuyer(), skuId)).code).toBe("unavailable");
});
