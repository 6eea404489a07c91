// Stripe's webhooks through the whole app: only recently signed events are accepted, each is applied once, and a
// result is applied like the answer to our own request.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type Purchase,
} from "../orders/saga-fixtures.ts";
import { ORIGIN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger, showOrder } from "../support/shop.ts";
import { booksOf, eventsOf, gateway, signed, stripeConfig } from "./stripe-fixtures.ts";

beforeAll(emptyRedis);

const stripeEnv = { ...env, PAYMENTS: "stripe", ...stripeConfig() } as unknown as Env;

/** Posts a webhook to a deployment with the Stripe gateway. */
async function post(body: string, signature?: string, shop = stripeEnv): Promise<number> {
  const headers = signature === undefined ? {} : { "stripe-signature": signature };
  const ctx = createExecutionContext();
  const request = new Request(`${ORIGIN}/api/webhooks/stripe`, { method: "POST", headers, body });
  const { status } = await app.fetch(request, shop, ctx);
  await waitOnExecutionContext(ctx);
  return status;
}

type Ref = { orderId: string; userId: string };

function anEvent(type: string, { orderId, userId }: Ref, more: object = {}) {
  const metadata = { order_id: orderId, user_id: userId };
  return { type, data: { object: { id: "pi_1", object: "payment_intent", metadata, ...more } } };
}

const succeeded = (ref: Ref) => anEvent("payment_intent.succeeded", ref);
const refOf = ({ buyer, order }: Purchase): Ref => ({ orderId: order.id, userId: buyer.id });
const shown = async ({ buyer, order }: Purchase) => (await showOrder(buyer, order.id)).body;
const deliver = (messages: OrderMessage[]) => deliverTo(gateway(), messages);

const paid = { paymentToken: "pm_card_visa" };

test("confirms an order whose charge answer was lost", async () => {
  const purchase = await givenOrder(await givenPaid(), {
    paymentToken: "pm_fake_confirm_reset_done",
  });
  expect((await deliver([purchase.message])).retried).toHaveLength(1);

  for (const { body, signature } of await eventsOf({ orderId: purchase.order.id })) {
    expect(await post(body, signature)).toBe(200);
  }

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  // The change reaches the read model through the queue, like every other one.
  expect(
    (await deliver([await nextMessage(purchase.queue, purchase.order.id)])).acked,
  ).toHaveLength(1);
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, unacknowledged: 0 });
});

test("applies a duplicate webhook once", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  const { body, signature } = await signed(succeeded(refOf(purchase)));

  expect(await post(body, signature)).toBe(200);
  const before = await shown(purchase);
  expect(await post(body, signature)).toBe(200);

  expect(await shown(purchase)).toEqual(before);
});

test("refuses webhooks without a valid and recent signature, and changes nothing", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  const event = succeeded(refOf(purchase));
  const good = await signed(event);
  const other = await signed(event, { secret: "whsec_other" });
  const old = await signed(event, { age: 301 });

  expect(await post(good.body)).toBe(403);
  expect(await post(good.body, "")).toBe(403);
  expect(await post(good.body, "t=1,v1=00")).toBe(403);
  expect(await post(`${good.body} `, good.signature)).toBe(403);
  expect(await post(good.body, good.signature.replace("v1=", "v0="))).toBe(403);
  expect(await post(other.body, other.signature)).toBe(403);
  expect(await post(old.body, old.signature)).toBe(403);
  expect(await post("")).toBe(403);

  expect(await shown(purchase)).toMatchObject({ status: "reserved", version: 1 });
});

test("refuses webhooks that are too large, or if Stripe is not the gateway", async () => {
  expect(await post("x".repeat(300_000), "t=1,v1=00")).toBe(413);
  const { body, signature } = await signed(succeeded({ orderId: "x", userId: "ann" }));
  expect(await post(body, signature, env)).toBe(404);
});

test.each([
  ["another type", { type: "customer.created", data: { object: { id: "cus_1", metadata: {} } } }],
  ["no order id", { type: "payment_intent.succeeded", data: { object: { metadata: {} } } }],
  ["a malformed order id", succeeded({ orderId: "not/an order", userId: "ann" })],
  ["an unknown SKU", succeeded({ orderId: `nowhere.0.${"a".repeat(20)}`, userId: "ann" })],
])("accepts and ignores an event with %s, so that Stripe does not retry it", async (_, event) => {
  const { body, signature } = await signed(event);

  expect(await post(body, signature)).toBe(200);
});

test("does not change an order if the event names another user", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  const { body, signature } = await signed(succeeded({ ...refOf(purchase), userId: "mallory" }));

  expect(await post(body, signature)).toBe(200);

  expect(await shown(purchase)).toMatchObject({ status: "reserved" });
});

test("cancels a reserved order after a decline, and hides a confidential reason", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  const last_payment_error = { code: "card_declined", decline_code: "stolen_card" };
  const event = anEvent("payment_intent.payment_failed", refOf(purchase), { last_payment_error });
  const { body, signature } = await signed(event);

  expect(await post(body, signature)).toBe(200);

  expect(await shown(purchase)).toMatchObject({ status: "cancelled", reason: "card_declined" });
  expect(await ledger(purchase.skuId)).toMatchObject({ held: 0, available: 10 });
});

test("confirms an expired order that was charged if units are left, and refunds it once otherwise", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchases = [await givenOrder(sale, { paymentToken: "pm_fake_confirm_reset_done" })];
  await deliver(purchases.map(({ message }) => message));
  holds.end();
  await ledger(sale.skuId);
  purchases.push(await givenOrder(sale, { paymentToken: "pm_fake_confirm_reset_done" }));
  await deliver(purchases.slice(1).map(({ message }) => message));
  holds.end();
  const [first, second] = purchases as [Purchase, Purchase];

  for (const { order } of purchases) {
    const [event] = await eventsOf({ orderId: order.id });
    // Stripe signs each retry again.
    const { body, signature } = await signed(JSON.parse(event?.body ?? ""));
    expect(await post(body, signature)).toBe(200);
  }
  expect(await shown(first)).toMatchObject({ status: "confirmed" });
  expect(await shown(second)).toMatchObject({ status: "expired", payment: "refund_due" });

  const due = { ...second.message };
  await deliver([due, due]);
  await deliver([due]);
  expect(await shown(second)).toMatchObject({ status: "refunded", payment: "refunded" });
  const moved = await Promise.all(purchases.map(({ order }) => booksOf({ orderId: order.id })));
  expect(moved).toMatchObject([
    { charges: 1, refunds: 0 },
    { charges: 1, refunds: 1 },
  ]);
});

test("puts the units back on sale after a full refund at Stripe, but not after a partial one", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  await deliver([purchase.message]);
  const refund = (refunded: boolean) =>
    signed(anEvent("charge.refunded", refOf(purchase), { id: "ch_1", object: "charge", refunded }));

  const part = await refund(false);
  expect(await post(part.body, part.signature)).toBe(200);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed" });

  const whole = await refund(true);
  expect(await post(whole.body, whole.signature)).toBe(200);
  expect(await post(whole.body, whole.signature)).toBe(200);
  await deliver([await nextMessage(purchase.queue, purchase.order.id)]);
  expect(await shown(purchase)).toMatchObject({ status: "refunded", payment: "refunded" });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 0, available: 10 });
});

test("answers 503 while the ledger is unreachable, so that Stripe retries", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  const { body, signature } = await signed(succeeded(refOf(purchase)));
  const getByName = () => {
    throw new Error("down");
  };
  const down = { ...stripeEnv, SKU_INVENTORY: { getByName } } as unknown as Env;

  expect(await post(body, signature, down)).toBe(503);

  expect(await post(body, signature)).toBe(200);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed" });
});
