// Stripe's webhooks through the whole app: only recently signed events are accepted, each is applied once, and a
// result is applied like the answer to our own request.
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type PaidSale,
  PRICE,
  type Purchase,
  pay,
} from "../orders/saga-fixtures.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, ledger, showOrder } from "../support/shop.ts";
import {
  authenticate,
  booksOf,
  finishRefund,
  gateway,
  ownEvents,
  post,
  postWebhook,
  refundAtStripe,
  signatureOf,
  signed,
  stripeEnv,
} from "./stripe-fixtures.ts";
import { deliverNext } from "./stripe-orders.ts";

beforeAll(emptyRedis);

type Ref = { orderId: string; userId: string };

/** An event about the payment `pi_1`, whose metadata name an order. */
function anEvent(type: string, { orderId, userId }: Ref, more: object = {}) {
  const metadata = { order_id: orderId, user_id: userId };
  const intent = { id: "pi_1", object: "payment_intent", amount_received: PRICE, currency: "usd" };
  return { type, data: { object: { ...intent, metadata, ...more } } };
}

const succeeded = (ref: Ref, more?: object) => anEvent("payment_intent.succeeded", ref, more);
const refOf = ({ buyer, order }: Purchase): Ref => ({ orderId: order.id, userId: buyer.id });
/** The order as its buyer sees it, signed in anew: some tests take longer than a token lives. */
const shown = async ({ buyer, order }: Purchase) =>
  (await showOrder(await aBuyer(buyer.id), order.id)).body;
const deliver = (messages: OrderMessage[]) => deliverTo(gateway(), messages);

const paid = { paymentToken: "pm_card_visa" };

/** Given an order whose buyer must answer the bank. Stripe's id of its payment is known. */
async function givenQuestion(sale?: PaidSale): Promise<Purchase & { chargeId: string }> {
  const paymentToken = "pm_card_authenticationRequired";
  const purchase = await givenOrder(sale ?? (await givenPaid()), { paymentToken });
  await deliver([purchase.message]);
  expect(await shown(purchase)).toMatchObject({ payment: "action_required" });
  const [asked] = await ownEvents({ orderId: purchase.order.id });
  return { ...purchase, chargeId: String(asked?.data.object.id) };
}

/** Posts Stripe's own events of one type about an order. */
async function postOwn({ order }: Purchase, type: string): Promise<void> {
  const events = await ownEvents({ orderId: order.id }, type);
  expect(events.length).toBeGreaterThan(0);
  for (const event of events) expect(await post(event)).toBe(200);
}

test("looks up an order whose charge answer was lost, and confirms it", async () => {
  const purchase = await givenOrder(await givenPaid(), {
    paymentToken: "pm_fake_confirm_reset_done",
  });
  expect((await deliver([purchase.message])).retried).toHaveLength(1);

  await postOwn(purchase, "payment_intent.succeeded");
  expect((await deliverNext(purchase)).acked).toHaveLength(1);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, unacknowledged: 0 });
});

test("confirms at once when the buyer answered the bank, and applies a duplicate webhook once", async () => {
  const purchase = await givenQuestion();
  await authenticate({ orderId: purchase.order.id }, "yes");

  await postOwn(purchase, "payment_intent.succeeded");
  const before = await shown(purchase);
  expect(before).toMatchObject({ status: "confirmed", payment: "charged" });
  await postOwn(purchase, "payment_intent.succeeded");

  expect(await shown(purchase)).toEqual(before);
  // The change reaches the read model through the queue, like every other one.
  expect((await deliverNext(purchase)).acked).toHaveLength(1);
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 1, unacknowledged: 0 });
});

test.each<[string, (chargeId: string) => object]>([
  ["another payment", () => ({ id: "pi_other" })],
  ["another amount", (id) => ({ id, amount_received: 1 })],
  ["another currency", (id) => ({ id, currency: "jpy" })],
])("refuses a success of %s that names the order, and logs it", async (_, more) => {
  const purchase = await givenQuestion();
  const logged = vi.spyOn(console, "log");
  onTestFinished(() => logged.mockRestore());
  const before = await shown(purchase);

  expect(await post(succeeded(refOf(purchase), more(purchase.chargeId)))).toBe(200);

  expect(await shown(purchase)).toEqual(before);
  const lines = logged.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.includes("stripe.event_mismatch"))).toHaveLength(1);
});

test("raises a charge or refund of a connected account whose metadata name an order, and changes nothing", async () => {
  const purchase = await givenQuestion();
  const before = await shown(purchase);
  const more = { id: purchase.chargeId, amount_refunded: PRICE, payment_intent: "pi_foreign" };

  for (const type of ["payment_intent.succeeded", "charge.refunded"]) {
    const event = anEvent(type, refOf(purchase), more);
    expect(await post({ ...event, account: "acct_1" })).toBe(200);
  }

  expect(await shown(purchase)).toEqual(before);
  const { mismatches } = await ledger(purchase.skuId);
  const references = mismatches.map(({ reference }) => reference).sort();
  expect(references).toEqual(["pi_foreign", purchase.chargeId].sort());
});

test("ignores an event of a connected account that names no order, and asks Stripe nothing about it", async () => {
  const event = { type: "charge.refunded", account: "acct_1" };
  const object = { payment_intent: "pi_1", amount_refunded: 1, currency: "usd", metadata: {} };
  const shop = { ...stripeEnv, STRIPE_API_URL: "http://127.0.0.1:1" } as Env;
  const { body, signature } = await signed({ ...event, data: { object } });

  expect(await postWebhook(body, signature, shop)).toBe(200);
});

test.each([
  ["a live event with a test key", "sk_test_1", true, 0],
  ["a live event with a restricted test key", "rk_test_1", true, 0],
  ["a test event with a live key", "sk_live_1", false, 0],
  ["a test event with a restricted live key", "rk_live_1", false, 0],
  ["a live event with a live key", "sk_live_1", true, 1],
  ["a live event with a key that tells no mode", "key_1", true, 1],
])(
  "applies events of the key's own mode only, and logs others: %s",
  async (_, key, livemode, applied) => {
    const purchase = await givenQuestion();
    const logged = vi.spyOn(console, "log");
    onTestFinished(() => logged.mockRestore());
    const event = succeeded(refOf(purchase), { id: purchase.chargeId });
    const { body, signature } = await signed({ ...event, livemode });
    const shop = { ...stripeEnv, STRIPE_SECRET_KEY: key } as Env;

    // A success, so that Stripe does not send it again.
    expect(await postWebhook(body, signature, shop)).toBe(200);

    const status = applied ? "confirmed" : "reserved";
    expect(await shown(purchase)).toMatchObject({ status });
    const lines = logged.mock.calls.map(([line]) => String(line));
    const ignored = lines.filter((line) => line.includes("stripe.event_of_other_mode"));
    expect(ignored).toHaveLength(1 - applied);
  },
);

test("confirms nothing on an event's word while the payment's id is unknown, and raises another payment later", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);

  expect(await post(succeeded(refOf(purchase), { id: "pi_forged" }))).toBe(200);

  expect(await shown(purchase)).toMatchObject({ status: "reserved", payment: "due" });
  expect(await ledger(purchase.skuId)).toMatchObject({ mismatches: [] });
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed" });
  // The other payment has somebody's money.
  const mismatches = [{ orderId: purchase.order.id, reference: "pi_forged" }];
  expect(await ledger(purchase.skuId)).toMatchObject({ mismatches });
  expect(await booksOf({ orderId: purchase.order.id })).toMatchObject({ charges: 1 });
});

test("keeps an order reserved when its buyer failed to answer the bank, and charges another card", async () => {
  const purchase = await givenQuestion();
  await authenticate({ orderId: purchase.order.id }, "no");
  await postOwn(purchase, "payment_intent.payment_failed");
  await deliverNext(purchase);
  const reason = "payment_intent_authentication_failure";
  expect(await shown(purchase)).toMatchObject({ status: "reserved", payment: "declined", reason });

  expect((await pay(purchase, "pm_card_visa")).status).toBe(202);
  // An event about the first method comes again, and must not decline the second.
  await postOwn(purchase, "payment_intent.payment_failed");
  await deliverNext(purchase);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
});

test("hides a confidential decline reason from the buyer", async () => {
  const paymentToken = "pm_card_visa_chargeDeclinedLostCard";
  const purchase = await givenOrder(await givenPaid(), { paymentToken });

  await deliver([purchase.message]);

  expect(await shown(purchase)).toMatchObject({ payment: "declined", reason: "card_declined" });
});

test("honors a success that arrives after a decline", async () => {
  const purchase = await givenQuestion();
  await authenticate({ orderId: purchase.order.id }, "no");
  await postOwn(purchase, "payment_intent.payment_failed");
  await deliverNext(purchase);

  expect(await post(succeeded(refOf(purchase), { id: purchase.chargeId }))).toBe(200);

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "charged" });
});

test("refunds an order whose refund at Stripe is heard of before its charge", async () => {
  const paymentToken = "pm_fake_confirm_silent_done";
  const purchase = await givenOrder(await givenPaid(), { paymentToken });
  await deliverTo(gateway(200), [purchase.message]);
  const [success] = await ownEvents({ orderId: purchase.order.id });
  const chargeId = String(success?.data.object.id);
  await gateway().refund({
    userId: "ann",
    orderId: "by hand",
    chargeId,
    amount: { amount: 1, currency: "USD" },
  });

  await postOwn(purchase, "charge.refunded");
  await deliverNext(purchase);
  await postOwn(purchase, "payment_intent.succeeded");

  expect(await shown(purchase)).toMatchObject({ status: "refunded", payment: "refunded" });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 0, held: 0 });
});

test.each([
  ["before the end of its hold", false],
  ["after it", true],
])(
  "refunds an order whose success is heard of after its refund at Stripe, %s",
  async (_, isOver) => {
    const holds = givenHolds();
    const purchase = await givenQuestion();
    const ref = { orderId: purchase.order.id };
    await authenticate(ref, "yes");
    await refundAtStripe(ref, PRICE);
    if (isOver) holds.end();

    // Nothing asks Stripe in between: both events come before the line of the payments gets to the order.
    await postOwn(purchase, "charge.refunded");
    await postOwn(purchase, "payment_intent.succeeded");
    await deliverNext(purchase);

    expect(await shown(purchase)).toMatchObject({ status: "refunded", payment: "refunded" });
    expect(await ledger(purchase.skuId)).toMatchObject({ sold: 0, held: 0 });
  },
);

test("counts what was refunded of a second card whose answer was lost", async () => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken: "pm_card_chargeDeclined" });
  await deliver([purchase.message]);
  expect((await pay(purchase, "pm_fake_confirm_reset_done")).status).toBe(202);
  await deliverTo(gateway(), [await nextMessage(purchase.queue, purchase.order.id)]);
  await refundAtStripe({ orderId: purchase.order.id }, 400);

  await postOwn(purchase, "charge.refunded");
  await postOwn(purchase, "payment_intent.succeeded");

  const refunded = { amount: 400, currency: "USD" };
  expect(await shown(purchase)).toMatchObject({
    status: "confirmed",
    payment: "charged",
    refunded,
  });
});

test("raises a refund that failed before the success of its charge is heard of", async () => {
  const purchase = await givenQuestion();
  const ref = { orderId: purchase.order.id };
  await authenticate(ref, "yes");
  await refundAtStripe(ref, 400);
  await finishRefund(ref, "no");

  await postOwn(purchase, "refund.failed");
  await postOwn(purchase, "payment_intent.succeeded");

  expect(await shown(purchase)).toMatchObject({ status: "confirmed", payment: "refund_failed" });
});

test("refuses webhooks without a valid and recent signature, and changes nothing", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  const event = succeeded(refOf(purchase));
  const good = await signed(event);
  const other = await signed(event, { secret: "whsec_other" });
  const old = await signed(event, { age: 301 });

  expect(await postWebhook(good.body)).toBe(403);
  expect(await postWebhook(good.body, "")).toBe(403);
  expect(await postWebhook(good.body, "t=1,v1=00")).toBe(403);
  expect(await postWebhook(`${good.body} `, good.signature)).toBe(403);
  expect(await postWebhook(good.body, good.signature.replace("v1=", "v0="))).toBe(403);
  expect(await postWebhook(other.body, other.signature)).toBe(403);
  expect(await postWebhook(old.body, old.signature)).toBe(403);
  expect(await postWebhook("")).toBe(403);

  expect(await shown(purchase)).toMatchObject({ status: "reserved", version: 1 });
});

test.each(["null", "[]", "1", '"x"', "{}", '{"type":"charge.refunded","created":1,"data":null}'])(
  "refuses the signed body %s, which is no event, with a clear error",
  async (body) => {
    const signature = await signatureOf(body);
    expect(await postWebhook(body, signature)).toBe(400);
  },
);

test("accepts webhooks signed with either secret during a rotation, and with no other", async () => {
  const secrets = { STRIPE_WEBHOOK_SECRET: "whsec_new, whsec_old" };
  const shop = { ...stripeEnv, ...secrets } as unknown as Env;
  const status = async (secret: string, age = 0) => {
    const event = anEvent("payment_intent.succeeded", { orderId: "", userId: "" });
    const { body, signature } = await signed(event, { secret, age });
    return postWebhook(body, signature, shop);
  };

  expect(await status("whsec_new")).toBe(200);
  expect(await status("whsec_old")).toBe(200);
  expect(await status("whsec_other")).toBe(403);
  expect(await status("whsec_old", 301)).toBe(403);
});

test("refuses webhooks that are too large, or if Stripe is not the gateway", async () => {
  expect(await postWebhook("x".repeat(300_000), "t=1,v1=00")).toBe(413);
  const { body, signature } = await signed(succeeded({ orderId: "x", userId: "ann" }));
  expect(await postWebhook(body, signature, env)).toBe(404);
});

test.each([
  ["another type", { type: "customer.created", data: { object: { id: "cus_1", metadata: {} } } }],
  ["no order id", succeeded({ orderId: "", userId: "" }, { metadata: {} })],
  ["a malformed order id", succeeded({ orderId: "not/an order", userId: "ann" })],
  ["an unknown SKU", succeeded({ orderId: `nowhere.0.${"a".repeat(20)}`, userId: "ann" })],
])("accepts and ignores an event with %s, so that Stripe does not retry it", async (_, event) => {
  expect(await post(event)).toBe(200);
});

test("asks Stripe nothing about payments that the shop takes elsewhere", async () => {
  const shop = { ...stripeEnv, STRIPE_API_URL: "http://127.0.0.1:9" } as unknown as Env;
  for (const metadata of [{}, { order_id: "wc-1001" }, { order_id: "wc-1001", user_id: "42" }]) {
    const event = succeeded({ orderId: "", userId: "" }, { metadata });
    const { body, signature } = await signed(event);
    expect(await postWebhook(body, signature, shop)).toBe(200);
  }
});

test("does not change an order if the event names another user", async () => {
  const purchase = await givenOrder(await givenPaid(), paid);
  expect(await post(succeeded({ ...refOf(purchase), userId: "mallory" }))).toBe(200);

  expect(await shown(purchase)).toMatchObject({ status: "reserved" });
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

  for (const purchase of purchases) {
    await postOwn(purchase, "payment_intent.succeeded");
    await deliverNext(purchase);
  }
  expect(await shown(first)).toMatchObject({ status: "confirmed" });
  const due = { ...second.message };
  await deliver([due, due]);
  expect(await shown(second)).toMatchObject({ status: "refunded", payment: "refunded" });
  const moved = await Promise.all(purchases.map(({ order }) => booksOf({ orderId: order.id })));
  expect(moved).toMatchObject([
    { charges: 1, refunds: 0 },
    { charges: 1, refunds: 1 },
  ]);
});

test("puts the units back on sale after a full refund at Stripe, but not after a partial one", async () => {
  const purchase = await givenQuestion();
  await authenticate({ orderId: purchase.order.id }, "yes");
  await postOwn(purchase, "payment_intent.succeeded");
  const orderId = purchase.order.id;
  const refund = (amount_refunded: number, more: object = {}) =>
    anEvent("charge.refunded", refOf(purchase), {
      ...{ id: "ch_1", object: "charge", payment_intent: purchase.chargeId, amount_refunded },
      ...more,
    });

  await refundAtStripe({ orderId }, PRICE - 100);
  const part = refund(PRICE - 100);
  const other = refund(PRICE, { payment_intent: "pi_other" });
  for (const event of [part, other]) expect(await post(event)).toBe(200);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed" });

  // A refund made by hand has no metadata. Its payment names the order.
  await refundAtStripe({ orderId }, 100);
  const whole = refund(PRICE, { metadata: {} });
  for (const event of [whole, whole]) expect(await post(event)).toBe(200);
  await deliverNext(purchase);
  expect(await shown(purchase)).toMatchObject({ status: "refunded", payment: "refunded" });
  expect(await ledger(purchase.skuId)).toMatchObject({ sold: 0, available: 10 });
});

/** Given an order whose money came too late, so that a refund is on its way that the bank has not taken yet. */
async function givenPendingRefund(): Promise<Purchase> {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const late = await givenOrder(sale, { paymentToken: "pm_fake_refund_pending" });
  await cancel(late);
  const charged = { ...late.order.total };
  await gateway().charge({
    ...{
      orderId: late.order.id,
      userId: late.buyer.id,
      amount: charged,
      attempt: 1,
      chargeId: null,
    },
    ...{ paymentToken: "pm_fake_refund_pending", createdAt: late.order.createdAt },
  });
  await deliverNext(late);
  holds.end();
  return late;
}

test("says refunded only once the refund succeeded", async () => {
  const late = await givenPendingRefund();
  expect(await shown(late)).toMatchObject({ status: "cancelled", payment: "refund_due" });
  // Stripe's charge is `refunded` while its refund is pending.
  await postOwn(late, "charge.refunded");
  expect(await shown(late)).toMatchObject({ payment: "refund_due" });

  await finishRefund({ orderId: late.order.id }, "yes");
  await postOwn(late, "refund.updated");
  await deliverNext(late);

  expect(await shown(late)).toMatchObject({ status: "refunded", payment: "refunded" });
});

test("shows a refund that the bank returned as failed, even after it succeeded", async () => {
  const late = await givenPendingRefund();
  await finishRefund({ orderId: late.order.id }, "yes");
  await postOwn(late, "refund.updated");
  await finishRefund({ orderId: late.order.id }, "no");

  await postOwn(late, "refund.failed");
  await deliverNext(late);

  const failed = { payment: "refund_failed", reason: "expired_or_canceled_card" };
  expect(await shown(late)).toMatchObject(failed);
});

test("answers 503 while the ledger is unreachable, so that Stripe retries", async () => {
  const purchase = await givenQuestion();
  const { body, signature } = await signed(succeeded(refOf(purchase), { id: purchase.chargeId }));
  const getByName = () => {
    throw new Error("down");
  };
  const down = { ...stripeEnv, SKU_INVENTORY: { getByName } } as unknown as Env;

  expect(await postWebhook(body, signature, down)).toBe(503);

  expect(await postWebhook(body, signature)).toBe(200);
  expect(await shown(purchase)).toMatchObject({ status: "confirmed" });
});
