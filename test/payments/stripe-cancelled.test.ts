// A payment that the shop cancels by hand in Stripe's dashboard while its order is reserved.
import { beforeAll, expect, test } from "vitest";
import { stripeClient } from "../../src/payments/stripe-client.ts";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  type Purchase,
  pay,
  paymentOf,
} from "../orders/saga-fixtures.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger, showOrder } from "../support/shop.ts";
import {
  booksOf,
  gateway,
  ownEvents,
  post,
  type StripeEvent,
  stripeConfig,
} from "./stripe-fixtures.ts";
import { deliverNext } from "./stripe-orders.ts";

beforeAll(emptyRedis);

const stripe = stripeClient(stripeConfig());
const shown = async ({ buyer, order }: Purchase) => (await showOrder(buyer, order.id)).body;
const books = ({ order }: Purchase) => booksOf({ orderId: order.id });

/** Given an order whose payment asks the buyer, and is then cancelled in the dashboard. */
async function givenCancelled(paymentToken = "pm_card_authenticationRequired"): Promise<Purchase> {
  const purchase = await givenOrder(await givenPaid({ stock: 1 }), { paymentToken });
  await deliverTo(gateway(), [purchase.message]);
  const { data } = await stripe.paymentIntents.search({
    query: `metadata["order_id"]:"${purchase.order.id}"`,
  });
  for (const { id } of data) await stripe.paymentIntents.cancel(id);
  return purchase;
}

test("charges the next card with a new payment after the first one was cancelled", async () => {
  const purchase = await givenCancelled();
  await pay(purchase, "pm_card_authenticationRequired");
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "reserved", payment: "declined" });

  expect((await pay(purchase, "pm_card_visa")).status).toBe(202);
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(await books(purchase)).toMatchObject({ intents: 2, charges: 1 });
});

test("loses one attempt to the cancellation if no event told of it, and charges the card after it", async () => {
  const purchase = await givenCancelled("pm_card_chargeDeclined");
  await pay(purchase, "pm_card_visa");
  await deliverNext(purchase);
  expect(await paymentOf(purchase)).toMatchObject({ state: "declined", attemptsLeft: 3 });

  await pay(purchase, "ctoken_card_visa");
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed" });
  expect(await books(purchase)).toMatchObject({ intents: 2, charges: 1 });
});

test("finds the charge of the new payment if its answer is lost and the hold ends", async () => {
  const holds = givenHolds();
  const purchase = await givenCancelled();
  await pay(purchase, "pm_card_authenticationRequired");
  await deliverNext(purchase);
  await pay(purchase, "pm_fake_confirm_reset_done");
  await deliverNext(purchase);
  holds.end();
  expect(await ledger(purchase.skuId)).toMatchObject({ held: 0 });

  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(await books(purchase)).toMatchObject({ intents: 2, charges: 1 });
});

test("ignores late events about the cancelled payment once another one was charged", async () => {
  const purchase = await givenCancelled();
  await pay(purchase, "pm_card_authenticationRequired");
  await deliverNext(purchase);
  await pay(purchase, "pm_card_visa");
  await deliverNext(purchase);
  const before = await shown(purchase);

  for (const event of await ownEvents({ orderId: purchase.order.id }))
    expect(await post(event)).toBe(200);

  expect(await shown(purchase)).toEqual(before);
});

test("looks nothing up when an event tells of a question that the ledger knows", async () => {
  const purchase = await givenOrder(await givenPaid(), {
    paymentToken: "pm_card_authenticationRequired",
  });
  await deliverTo(gateway(), [purchase.message]);
  const before = await shown(purchase);

  const [asked] = await ownEvents({ orderId: purchase.order.id });
  expect(await post(asked as StripeEvent)).toBe(200);

  expect(before).toMatchObject({ payment: "action_required" });
  expect(await shown(purchase)).toEqual(before);
});
