// The shop's own checkout through the whole app: it reports payments, and learns whether to return the money.
import { beforeAll, describe, expect, test } from "vitest";
import { toEvent } from "../../src/inventory/order-event.ts";
import { inventory, putToSleep } from "../inventory/object.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger } from "../support/shop.ts";
import { asBuyer, givenUnpaid, report, SECRET } from "./external-shop.ts";
import { deliverTo, givenHolds, givenPaid, nextMessage, type Purchase } from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const shown = async ({ buyer, order }: Purchase) =>
  (await asBuyer(buyer, "GET", `/api/orders/${order.id}`)).body;
const result = (action: string, order: object) => ({
  status: 200,
  body: { action, order: expect.objectContaining(order) },
});
const CONFIRMED = { status: "confirmed", payment: "charged" };

test("a charge confirms a reserved order at once", async () => {
  const purchase = await givenUnpaid();
  expect(await report(purchase, "charged")).toMatchObject(result("none", CONFIRMED));
  expect(await shown(purchase)).toMatchObject(CONFIRMED);
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, held: 0, refundsDue: [] });

  // The consumer has nothing to charge, and no gateway to charge with.
  const delivery = await deliverTo(null, [await nextMessage(purchase.queue, purchase.order.id)]);
  expect(delivery).toMatchObject({ retried: [] });
  expect(await ledger(purchase.skuId)).toMatchObject({ unacknowledged: 0 });
});

test("applies a repeated report once, even if the object was evicted in between", async () => {
  const purchase = await givenUnpaid();
  const first = await report(purchase, "charged");
  await putToSleep(purchase.skuId);
  expect((await report(purchase, "charged")).body).toEqual(first.body);
  const both = await Promise.all([report(purchase, "charged"), report(purchase, "charged")]);
  for (const { body } of both) expect(body).toEqual(first.body);
});

test("a declined order stays reserved until its hold ends, and can be paid again", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 2 });
  const [paid, lapsing] = [await givenUnpaid(sale), await givenUnpaid(sale)];
  for (const purchase of [paid, lapsing]) {
    const { expiresAt } = purchase.order;
    const declined = { status: "reserved", payment: "declined", expiresAt };
    for (const reference of ["psp-1", "psp-2", "psp-3", "psp-4", "psp-5", "psp-6", "psp-7"]) {
      expect(await report(purchase, "declined", reference)).toMatchObject(result("none", declined));
    }
  }
  expect(await report(paid, "charged", "psp-8")).toMatchObject(result("none", CONFIRMED));
  holds.end();
  expect(await ledger(sale.skuId)).toMatchObject({ sold: 1, held: 0 });
});

test("a late charge confirms the order if units are free", async () => {
  const holds = givenHolds();
  const purchase = await givenUnpaid();
  holds.end();
  expect(await report(purchase, "charged")).toMatchObject(result("none", CONFIRMED));
});

test("a late charge is to be returned if another buyer has the last unit, and the operator sees it", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenUnpaid(sale);
  holds.end();
  const other = await givenUnpaid(sale);
  const due = { status: "expired", payment: "refund_due" };
  for (let i = 0; i < 2; i += 1) {
    expect(await report(purchase, "charged")).toMatchObject(result("refund", due));
  }
  const refundsDue = [{ orderId: purchase.order.id, reference: "psp-1" }];
  expect(await ledger(sale.skuId)).toMatchObject({ held: 1, refundsDue });

  // No gateway is called, and nothing is retried: the shop moves this money.
  const message = await nextMessage(sale.queue, purchase.order.id);
  expect(await deliverTo(null, [message])).toMatchObject({ retried: [] });
  expect(await report(other, "charged", "psp-2")).toMatchObject(result("none", CONFIRMED));

  const refunded = { status: "refunded", payment: "refunded" };
  expect(await report(purchase, "refunded")).toMatchObject(result("none", refunded));
  expect(await ledger(sale.skuId)).toMatchObject({ sold: 1, refundsDue: [], available: 0 });
  expect(await report(purchase, "charged")).toMatchObject(result("none", refunded));
});

test("a charge after the buyer cancelled is to be returned", async () => {
  const purchase = await givenUnpaid();
  await asBuyer(purchase.buyer, "DELETE", `/api/orders/${purchase.order.id}`);
  const due = { status: "cancelled", payment: "refund_due" };
  expect(await report(purchase, "charged")).toMatchObject(result("refund", due));
});

test("a second charge of an order is to be returned, and the order does not change", async () => {
  const purchase = await givenUnpaid();
  const { body } = await report(purchase, "charged");
  for (let i = 0; i < 2; i += 1) {
    const second = await report(purchase, "charged", "psp-2");
    expect(second).toMatchObject({ status: 200, body: { action: "refund", order: body.order } });
  }
  const { refundsDue } = await ledger(purchase.skuId);
  expect(refundsDue).toEqual([{ orderId: purchase.order.id, reference: "psp-2" }]);
  expect((await report(purchase, "refunded", "psp-2")).body).toEqual(body);
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, refundsDue: [] });
});

test("a refund that the shop made itself puts the units back on sale", async () => {
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenUnpaid(sale);
  await report(purchase, "charged");
  const refunded = { status: "refunded", payment: "refunded" };
  expect(await report(purchase, "refunded")).toMatchObject(result("none", refunded));
  expect(await ledger(sale.skuId)).toMatchObject({ sold: 0, available: 1 });
});

test("a charge whose refund was reported first does not confirm the order", async () => {
  const purchase = await givenUnpaid();
  expect((await report(purchase, "refunded")).body.order.status).toBe("reserved");
  expect(await report(purchase, "charged")).toMatchObject(result("none", { status: "reserved" }));
});

test("a hold that ends unpaid is offered as a webhook, and a refund that is due and made as well", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenUnpaid(sale);
  await report(purchase, "declined");
  const ref = { userId: purchase.buyer.id, orderId: purchase.order.id };
  const vars = { ORDER_WEBHOOK_URL: "https://erp.test/hook", ORDER_WEBHOOK_SECRET: [SECRET] };
  /** The event that the shop is owed after the consumer saw the newest version. */
  const owed = async () => {
    const message = { v: 1, skuId: sale.skuId, lane: 0, version: 1, ...ref };
    expect(await deliverTo(null, [message], { vars })).toMatchObject({ retried: [] });
    const [event] = await inventory(sale.skuId).owedEvents([ref]);
    return event && toEvent(event.userId, event.order, []);
  };
  expect(await owed()).toBeUndefined();

  holds.end();
  await givenUnpaid(sale);
  const declined = { type: "order.expired", order: { payment: "declined" } };
  expect(await owed()).toMatchObject(declined);
  await report(purchase, "charged", "psp-2");
  const due = { type: "order.expired", order: { payment: "refund_due" } };
  expect(await owed()).toMatchObject(due);
  await report(purchase, "refunded", "psp-2");
  expect(await owed()).toMatchObject({ type: "order.refunded", order: { payment: "refunded" } });
});

describe("a payment token at a shop with its own checkout", () => {
  test("is refused for a reserved order", async () => {
    const { buyer, order } = await givenUnpaid();
    const path = `/api/orders/${order.id}/payment`;
    const answer = await asBuyer(buyer, "POST", path, { body: { paymentToken: "tok_ok" } });
    expect(answer).toMatchObject({ status: 409, code: "order_not_payable" });
    const { body } = await asBuyer(buyer, "GET", path);
    expect(body).toEqual({ state: "none", attemptsLeft: 0 });
  });

  test("neither pays a new order nor stops the clock of its hold", async () => {
    const purchase = await givenUnpaid(undefined, { paymentToken: "tok_ok" });
    const order = await shown(purchase);
    expect(order.payment).toBeUndefined();
    expect(Date.parse(order.expiresAt) - Date.parse(order.createdAt)).toBe(300_000);
  });

  test("does not replace the wait after two unpaid holds", async () => {
    const holds = givenHolds();
    const sale = await givenPaid();
    const { buyer } = await givenUnpaid(sale);
    holds.end();
    const second = await givenUnpaid(sale, { buyer });
    await report(second, "declined");
    await asBuyer(buyer, "DELETE", `/api/orders/${second.order.id}`);
    const third = await givenUnpaid(sale, { buyer });
    await asBuyer(buyer, "DELETE", `/api/orders/${third.order.id}`);
    await expect(givenUnpaid(sale, { buyer, paymentToken: "tok_ok" })).rejects.toThrow(
      "rate_limited",
    );
  });
});
