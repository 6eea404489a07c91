// Several refunds of one order while the bank takes its time with each.
import { beforeAll, expect, test } from "vitest";
import { deliverTo, givenOrder, givenPaid, PRICE, type Purchase } from "../orders/saga-fixtures.ts";
import {
  booksOf,
  finishRefund,
  gateway,
  ownEvents,
  post,
  type StripeEvent,
} from "../payments/stripe-fixtures.ts";
import { deliverNext, requestRefund } from "../payments/stripe-orders.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger, showOrder } from "../support/shop.ts";

beforeAll(emptyRedis);

const shown = async ({ buyer, order }: Purchase) => (await showOrder(buyer, order.id)).body;
/** Given an order of three units, and two requested refunds of one unit each that the bank will take days for. */
async function givenTwoRefunds(): Promise<Purchase & { orderId: string }> {
  const sale = await givenPaid({ stock: 5, perUserLimit: 5 });
  const options = { quantity: 3, paymentToken: "pm_fake_refund_pending" };
  const purchase = await givenOrder(sale, options);
  await deliverTo(gateway(), [purchase.message]);
  const { id: orderId } = purchase.order;
  for (const reason of ["first", "second"])
    expect((await requestRefund(purchase, { quantity: 1, reason })).status).toBe(202);
  return { ...purchase, orderId };
}

test("a refund that stays pending does not hold back the next one", async () => {
  const purchase = await givenTwoRefunds();

  expect((await deliverNext(purchase)).retried).toHaveLength(1);

  expect(await booksOf(purchase)).toMatchObject({ refunds: 2, amountRefunded: 2 * PRICE });
  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "refund_due" });
});

test("makes each refund once, however often it is looked at while it is pending", async () => {
  const purchase = await givenTwoRefunds();
  await deliverNext(purchase);
  for (let i = 0; i < 4; i += 1) await deliverTo(gateway(), [purchase.message]);

  expect(await booksOf(purchase)).toMatchObject({ refunds: 2 });
});

test("takes the units of the refund that an event is about, although an older one is pending", async () => {
  const purchase = await givenTwoRefunds();
  await deliverNext(purchase);
  await finishRefund(purchase, "yes");
  const events = await ownEvents(purchase, "refund.updated");

  expect(await post(events.at(-1) as StripeEvent)).toBe(200);
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({
    payment: "refund_due",
    refundedQuantity: 1,
    refunded: { amount: PRICE },
  });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 2, available: 3 });
});
