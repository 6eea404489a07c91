// Several refunds of one order while the bank takes its time with each.
import { beforeAll, expect, test } from "vitest";
import {
  deliverTo,
  givenOrder,
  givenPaid,
  nextMessage,
  PRICE,
  type Purchase,
} from "../orders/saga-fixtures.ts";
import {
  booksOf,
  eventsOf,
  finishRefund,
  gateway,
  postWebhook,
  signed,
} from "../payments/stripe-fixtures.ts";
import { admin } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger, showOrder, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

const shown = async ({ buyer, order }: Purchase) => (await showOrder(buyer, order.id)).body;
const deliver = async ({ queue, order }: Purchase) =>
  deliverTo(gateway(), [await nextMessage(queue, order.id)]);

/** Given an order of three units, and two requested refunds of one unit each that the bank will take days for. */
async function givenTwoRefunds(): Promise<Purchase & { orderId: string }> {
  const sale = await givenPaid({ stock: 5, perUserLimit: 5 });
  const options = { quantity: 3, paymentToken: "pm_fake_refund_pending" };
  const purchase = await givenOrder(sale, options);
  await deliverTo(gateway(), [purchase.message]);
  const { id: orderId } = purchase.order;
  for (const reason of ["first", "second"]) {
    const headers = { "idempotency-key": unique("refund") };
    const body = { quantity: 1, backOnSale: true, reason };
    expect((await admin("POST", `/orders/${orderId}/refund`, { body, headers })).status).toBe(202);
  }
  return { ...purchase, orderId };
}

test("a refund that stays pending does not hold back the next one", async () => {
  const purchase = await givenTwoRefunds();

  expect((await deliver(purchase)).retried).toHaveLength(1);

  expect(await booksOf(purchase)).toMatchObject({ refunds: 2, amountRefunded: 2 * PRICE });
  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "refund_due" });
});

test("makes each refund once, however often it is looked at while it is pending", async () => {
  const purchase = await givenTwoRefunds();
  await deliver(purchase);
  for (let i = 0; i < 4; i += 1) await deliverTo(gateway(), [purchase.message]);

  expect(await booksOf(purchase)).toMatchObject({ refunds: 2 });
});

test("takes the units of the refund that an event is about, although an older one is pending", async () => {
  const purchase = await givenTwoRefunds();
  await deliver(purchase);
  await finishRefund(purchase, "yes");
  const events = await eventsOf(purchase);
  const last = events.filter(({ type }) => type === "refund.updated").at(-1);

  const { body, signature } = await signed(JSON.parse(last?.body ?? ""));
  expect(await postWebhook(body, signature)).toBe(200);
  await deliver(purchase);

  expect(await shown(purchase)).toMatchObject({
    payment: "refund_due",
    refundedQuantity: 1,
    refunded: { amount: PRICE },
  });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 2, available: 3 });
});
