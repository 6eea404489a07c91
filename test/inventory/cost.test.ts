// What an order costs its object: rows, which are billed and limit throughput, and no Redis command.
import { expect, test } from "vitest";
import { ORDER, ROWS_READ } from "../../src/cost/usage.ts";
import { givenClock } from "../support/clock.ts";
import { captureQueue } from "../support/queue.ts";
import { redisCost } from "../support/redis.ts";
import { START } from "./commands.ts";
import { aReservation, givenUnits, inside, inventory, putToSleep } from "./object.ts";

const ORDERS = 50;

async function rowsRead(skuId: string): Promise<number> {
  return (await inventory(skuId).report())?.activity.rowsRead ?? 0;
}

async function rowsWritten(skuId: string): Promise<number> {
  return (await inventory(skuId).report())?.activity.rowsWritten ?? 0;
}

test("a free order writes four rows: reserved and tallied, confirmed, acknowledged", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(ORDERS);
  const before = await rowsWritten(skuId);
  const readBefore = await rowsRead(skuId);
  const orders = Array.from({ length: ORDERS }, () => aReservation(skuId, { network: "block" }));
  for (const order of orders) await inventory(skuId).reserve(order);
  expect((await rowsWritten(skuId)) - before).toBe(2 * ORDERS);

  using claim = await inventory(skuId).claim(orders);
  await claim.session.acknowledge(
    claim.claims.map(({ userId, orderId, order }) => ({ userId, orderId, version: order.version })),
  );
  expect(await inventory(skuId).report()).toMatchObject({ sold: ORDERS, unacknowledged: 0 });
  expect((await rowsWritten(skuId)) - before).toBe(ORDER.rowsWritten * ORDERS);
  const most = (ROWS_READ.attempt + ROWS_READ.order) * ORDERS;
  expect((await rowsRead(skuId)) - readBefore).toBeLessThanOrEqual(most);
});

test("an order that was just made is settled without reading its row, also after the object slept", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(2);
  const settle = async (order: ReturnType<typeof aReservation>) => {
    const before = await rowsRead(skuId);
    using claim = await inventory(skuId).claim([order]);
    await claim.session.acknowledge([{ ...order, version: 2 }]);
    expect(await inventory(skuId).report()).toMatchObject({ unacknowledged: 0 });
    return (await rowsRead(skuId)) - before;
  };
  const [awake, slept] = [aReservation(skuId), aReservation(skuId)];
  await inventory(skuId).reserve(awake);
  const own = await settle(awake);
  await inventory(skuId).reserve(slept);
  await putToSleep(skuId);
  expect(await settle(slept)).toBe(own + 1);
});

test("a paid order writes four rows: reserved and tallied, charged, acknowledged", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(ORDERS, { price: 100 });
  const before = await rowsWritten(skuId);
  const method = { paymentToken: "tok", network: "block" };
  const orders = Array.from({ length: ORDERS }, () => aReservation(skuId, method));
  for (const order of orders) await inventory(skuId).reserve(order);

  using claim = await inventory(skuId).claim(orders);
  const money = { outcome: "charged", chargeId: "c", card: "card" } as const;
  const settled = await claim.session.recordPayments(
    orders.map((order) => ({ ...order, money, attempt: 1 })),
  );
  // The version that was published while the payment was under way. The ledger has a newer one.
  await claim.session.acknowledge(orders.map((order) => ({ ...order, version: 1 })));
  await claim.session.acknowledge(
    settled.map(({ userId, orderId, order }) => ({ userId, orderId, version: order.version })),
  );
  expect(await inventory(skuId).report()).toMatchObject({ sold: ORDERS, unacknowledged: 0 });
  expect((await rowsWritten(skuId)) - before).toBe(ORDER.rowsWritten * ORDERS);
});

test("a reservation sends Redis nothing but the stock, which is published apart from it", async () => {
  captureQueue();
  const skuId = await givenUnits(ORDERS);
  const { commands } = await inside(skuId, (object) =>
    redisCost(async () => {
      for (let i = 0; i < ORDERS; i += 1) await object.reserve(aReservation(skuId));
    }),
  );
  expect(commands).toBe(0);
});

test("refusals and replays write no row", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(1);
  const order = aReservation(skuId);
  await inventory(skuId).reserve(order);
  const before = await rowsWritten(skuId);

  expect(await inventory(skuId).reserve(order)).toMatchObject({ ok: true, replayed: true });
  expect(await inventory(skuId).reserve(aReservation(skuId))).toMatchObject({ reason: "sold_out" });
  const elsewhere = { ...order, fingerprint: "other" };
  expect(await inventory(skuId).reserve(elsewhere)).toMatchObject({
    reason: "idempotency_key_reused",
  });
  expect(await rowsWritten(skuId)).toBe(before);
});

test("an order paid in the shop's own checkout writes six rows", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(ORDERS, { price: 100 });
  const amount = { amount: 100, currency: "USD" };
  const charged = { outcome: "charged", reference: "psp-1", amount } as const;
  // The first report creates the index by order id.
  await inventory(skuId).recordReport("unknown", charged);
  const before = await rowsWritten(skuId);
  const orders = Array.from({ length: ORDERS }, () => aReservation(skuId));
  for (const order of orders) await inventory(skuId).reserve(order);
  // The order, its entry in the index, and the tally that lists it.
  expect((await rowsWritten(skuId)) - before).toBe(3 * ORDERS);

  for (const { orderId } of orders) await inventory(skuId).recordReport(orderId, charged);
  // The order, and its charge.
  expect((await rowsWritten(skuId)) - before).toBe(5 * ORDERS);

  using claim = await inventory(skuId).claim(orders);
  await claim.session.acknowledge(
    claim.claims.map(({ userId, orderId, order }) => ({ userId, orderId, version: order.version })),
  );
  expect(await inventory(skuId).report()).toMatchObject({ sold: ORDERS, unacknowledged: 0 });
  expect((await rowsWritten(skuId)) - before).toBeLessThanOrEqual(6 * ORDERS);
});
