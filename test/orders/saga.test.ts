// From accepted to final: what each answer of the payment provider does to an order, its units and its money.
// The sandbox gateway chooses the answer by token. saga-gateway.test.ts covers a slow or failing gateway, and
// saga-late.test.ts covers late money.
import { beforeAll, expect, test, vi } from "vitest";
import { MAX_PAUSE_MS } from "../../src/inventory/hold-clock.ts";
import { deliver } from "../support/queue.ts";
import { emptyRedis, readModelOf } from "../support/redis.ts";
import { aBuyer, type Buyer, ledger, order, showOrder } from "../support/shop.ts";
import {
  bankEntry,
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  PRICE,
  pay,
  paymentOf,
  TestGateway,
} from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const inReadModel = async ({ buyer }: { buyer: Buyer }) => (await readModelOf(buyer.id))[0];

test.each(["tok_ok", "tok_slow"])("charges once and confirms (%s)", async (paymentToken) => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, amount: PRICE });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, held: 0, unacknowledged: 0 });
});

test("charges several units in one payment", async () => {
  const sale = await givenPaid({ perUserLimit: 3 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_ok", quantity: 3 });

  await deliver([purchase.message]);

  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, amount: 3 * PRICE });
});

test("keeps a declined order reserved with the reason, and charges another card once", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  const declined = {
    status: "reserved",
    reason: "card_declined",
    payment: "declined",
    attemptsLeft: 4,
  };
  expect(await inReadModel(purchase)).toMatchObject(declined);
  const shown = await showOrder(purchase.buyer, purchase.order.id);
  expect(shown.body).toMatchObject(declined);
  expect(await paymentOf(purchase)).toMatchObject({ state: "declined", attemptsLeft: 4 });
  expect(await ledger(sale.skuId)).toMatchObject({ available: 0, held: 1, unacknowledged: 0 });

  const again = await pay(purchase, "tok_declined");
  expect(again).toMatchObject({ status: 409, code: "order_not_payable" });
  expect(again.body).toMatchObject({ detail: expect.stringContaining("Use another one") });
  const paid = await pay(purchase, "tok_ok");
  expect([paid.status, paid.body.payment]).toEqual([202, "due"]);
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);
  const { reason: _, ...order } = (await inReadModel(purchase)) ?? {};
  expect(order).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(_).toBeUndefined();
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, method: 2 });
});

test("refuses a sixth payment method, and leaves the unit reserved until the hold ends", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });
  await deliver([purchase.message]);
  for (let attempt = 2; attempt <= 5; attempt += 1) {
    expect((await pay(purchase, `tok_bad_${attempt}`)).status).toBe(202);
    await deliver([await nextMessage(sale.queue, purchase.order.id)]);
  }

  expect(await paymentOf(purchase)).toMatchObject({ state: "declined", attemptsLeft: 0 });
  expect(await inReadModel(purchase)).toMatchObject({ payment: "declined", attemptsLeft: 0 });
  expect((await pay(purchase, "tok_ok")).code).toBe("order_not_payable");
  expect(await ledger(sale.skuId)).toMatchObject({ available: 0, held: 1 });
});

test("asks the owner alone to answer the bank, and confirms once they did", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_action_required" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);

  const asked = await paymentOf(purchase);
  expect(asked).toEqual({
    state: "action_required",
    clientSecret: expect.stringMatching(/secret/),
    attemptsLeft: 4,
  });
  const stored = await inReadModel(purchase);
  expect(stored).toMatchObject({ status: "reserved", payment: "action_required" });
  expect(JSON.stringify(stored)).not.toContain("secret");
  const stranger = { ...purchase, buyer: await aBuyer() };
  expect(await paymentOf(stranger)).toMatchObject({ code: "not_found" });

  // The same method again: the shop looks up what became of it.
  expect((await pay(purchase, "tok_action_required")).body.payment).toBe("due");
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await paymentOf(purchase)).toEqual({ state: "charged", attemptsLeft: 0 });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test.each(["", " ", "tok ok", "tok_ok\n", "t\u0000k", "t\u00f6k", "\ud83d\udcb3", "t".repeat(256)])(
  "refuses a payment token that no provider issues, and keeps the order as it is (%j)",
  async (token) => {
    const purchase = await givenOrder(await givenPaid(), {});

    expect((await pay(purchase, token)).code).toBe("invalid_request");

    expect(await paymentOf(purchase)).toEqual({ state: "none", attemptsLeft: 5 });
  },
);

test("lets a buyer use another card instead of answering the bank", async () => {
  const sale = await givenPaid();
  const purchase = await givenOrder(sale, { paymentToken: "tok_action_required" });
  await deliver([purchase.message]);

  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);

  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("voids a payment whose buyer never answered the bank before the hold ended", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_action_required" });
  await deliver([purchase.message]);

  holds.end();
  // The bank is asked once more before the units go.
  expect(await ledger(sale.skuId)).toMatchObject({ available: 0, held: 1 });
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);

  expect(await inReadModel(purchase)).toMatchObject({ status: "expired", payment: "voided" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 0, state: "voided" });
});

test("stops the clock of the hold from the payment until the answer, however slow", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, {});
  const held = Date.parse(purchase.order.expiresAt) - Date.now();
  vi.setSystemTime(Date.now() + held / 2);

  const { body: due } = await pay(purchase, "tok_declined");
  // Meanwhile `expiresAt` names the bound.
  expect(Date.parse(due.expiresAt) - Date.now()).toBe(held / 2 + MAX_PAUSE_MS);
  vi.setSystemTime(Date.now() + 20 * 60_000);
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);

  const { body: order } = await showOrder(purchase.buyer, purchase.order.id);
  expect(order).toMatchObject({ status: "reserved", payment: "declined" });
  expect(Date.parse(order.expiresAt) - Date.now()).toBe(held / 2);
  holds.end();
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });
});

test("leaves a buyer a minute for another card after a decline at the last moment", async () => {
  givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, {});
  vi.setSystemTime(Date.parse(purchase.order.expiresAt) - 1_000);

  await pay(purchase, "tok_declined");
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);

  const { body: order } = await showOrder(purchase.buyer, purchase.order.id);
  expect(Date.parse(order.expiresAt) - Date.now()).toBe(60_000);
});

test("keeps an order reserved after a gateway error, then charges it once and confirms", async () => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken: "tok_error_then_ok" });

  expect((await deliver([purchase.message])).retried).toEqual([purchase.message]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved", payment: "due" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("finds a charge that succeeded after a timeout, and does not charge again", async () => {
  const paymentToken = "tok_timeout_but_charged";
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  expect((await deliver([purchase.message])).retried).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });

  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1, attempts: 2 });
});

test("charges once if a message is delivered many times, even concurrently", async () => {
  const purchase = await givenOrder(await givenPaid());
  const { message } = purchase;

  await Promise.all([deliver([message, message]), deliver([message]), deliver([message])]);
  await deliver([message]);

  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed", version: 2 });
});

test("confirms a free order without calling the gateway", async () => {
  const sale = await givenPaid({ price: 0 });
  const purchase = await givenOrder(sale, { paymentToken: "tok_declined" });
  const gateway = new TestGateway();

  expect((await deliverTo(gateway, [purchase.message])).acked).toHaveLength(1);

  expect(gateway.calls).toEqual([]);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
});

test("charges an order without a payment token only after the buyer pays", async () => {
  const sale = await givenPaid();
  const purchase = await givenOrder(sale, {});
  expect((await deliver([purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });
  expect(await bankEntry(purchase.order)).toBeUndefined();

  const paid = await pay(purchase, "tok_ok");
  expect([paid.status, paid.body.payment]).toEqual([202, "due"]);
  await deliver([await nextMessage(sale.queue, purchase.order.id)]);

  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("treats a repeated payment as one, and refuses another card while the first is being charged", async () => {
  const purchase = await givenOrder(await givenPaid(), {});

  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect((await pay(purchase, "tok_ok")).status).toBe(202);
  expect((await pay(purchase, "tok_slow")).code).toBe("order_not_payable");

  await deliver([purchase.message, purchase.message]);
  expect(await bankEntry(purchase.order)).toMatchObject({ charges: 1 });
});

test("lets a buyer order again after a cancellation, which is final", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale, {});

  expect((await cancel(purchase)).body).toMatchObject({ status: "cancelled", reason: "buyer" });
  expect((await cancel(purchase)).status).toBe(200);
  expect((await pay(purchase, "tok_ok")).code).toBe("order_not_payable");

  expect((await order(purchase.buyer, sale.skuId)).status).toBe(202);
});
