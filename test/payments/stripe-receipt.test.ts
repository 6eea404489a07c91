// Stripe's receipt goes to the e-mail address in the buyer's token. The address is stored nowhere but in the ledger, and only
// while the order is reserved.
import { env } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { emailOf } from "../../src/funnel/email.ts";
import type { Order } from "../../src/inventory/order.ts";
import { stripeClient } from "../../src/payments/stripe-client.ts";
import { inside } from "../inventory/object.ts";
import { asBuyer } from "../orders/external-shop.ts";
import {
  cancel,
  deliverTo,
  givenPaid,
  nextMessage,
  type PaidSale,
  type Purchase,
} from "../orders/saga-fixtures.ts";
import { type Answer, admin } from "../support/http.ts";
import { emptyRedis, KEYS, redis } from "../support/redis.ts";
import { AUTH_SECRET, ledger, tokenFor, unique } from "../support/shop.ts";
import {
  aPayment,
  booksOf,
  gateway,
  outcomeOf,
  stripeConfig,
  stripeEnv,
} from "./stripe-fixtures.ts";

beforeAll(emptyRedis);

const EMAIL = "ann.buyer@example.com";
const stripe = stripeClient(stripeConfig());

/** Where Stripe sends the receipt of an order. */
async function receiptOf({ orderId }: { orderId: string }): Promise<string | null | undefined> {
  const query = `metadata["order_id"]:"${orderId}"`;
  return (await stripe.paymentIntents.search({ query })).data[0]?.receipt_email;
}

/** A buyer whose token has these claims, at a deployment with Stripe. */
async function shopper(claims: object) {
  const id = unique("shopper");
  const buyer = { id, token: await tokenFor(id, AUTH_SECRET, claims) };
  const to = <Body = Order>(method: string, path: string, options = {}): Promise<Answer<Body>> =>
    asBuyer<Body>(buyer, method, path, options, stripeEnv);
  return { buyer, to };
}

/** Given an order of a buyer whose token has this claim. It is not paid yet. */
async function ordered(email: unknown, body: object = {}, sale?: PaidSale) {
  const { skuId, queue } = sale ?? (await givenPaid());
  const { buyer, to } = await shopper({ email });
  const headers = { "idempotency-key": unique("key") };
  const request = { headers, body: { quantity: 1, ...body } };
  const placed = await to("POST", `/api/skus/${skuId}/orders`, request);
  expect(placed.status).toBe(202);
  const message = await nextMessage(queue, placed.body.id);
  const pay = (paymentToken: string) =>
    to("POST", `/api/orders/${placed.body.id}/payment`, { body: { paymentToken } });
  const purchase: Purchase = { buyer, order: placed.body, message, skuId, queue };
  return { ...purchase, to, pay, orderId: placed.body.id };
}

const storedPayment = ({ skuId }: Purchase) =>
  inside(skuId, (_, { storage }) =>
    String(storage.sql.exec("SELECT payment FROM orders").one().payment),
  );

test("sends the receipt to the address in the token, with the order or with a later payment", async () => {
  const first = await ordered(EMAIL, { paymentToken: "pm_card_visa" });
  await deliverTo(gateway(), [first.message]);
  const later = await ordered(EMAIL);
  expect((await later.pay("ctoken_card_visa")).status).toBe(202);
  await deliverTo(gateway(), [await nextMessage(later.queue, later.orderId)]);

  expect(await receiptOf(first)).toBe(EMAIL);
  expect(await receiptOf(later)).toBe(EMAIL);
  expect(await booksOf(later)).toMatchObject({ intents: 1, charges: 1 });
});

test.each<[string, unknown]>([
  ["a number", 7],
  ["null", null],
  ["a list", [EMAIL]],
  ["an object", { address: EMAIL }],
  ["empty", ""],
  ["no address", "ann"],
  ["two addresses", `${EMAIL}, ${EMAIL}`],
  ["a header", `${EMAIL}\r\nBcc: other@example.com`],
  ["padded", ` ${EMAIL}`],
  ["5,000 characters", `${"a".repeat(4_988)}@example.com`],
  ["a name that Stripe cannot reach", "\u00e4nn@ex\u00e4mple.com"],
  ["half a character", "\ud83d@example.com"],
])("takes the payment without a receipt if the claim is %s", async (_, email) => {
  const purchase = await ordered(email, { paymentToken: "pm_card_visa" });
  await deliverTo(gateway(), [purchase.message]);

  expect(await receiptOf(purchase)).toBeNull();
  expect(await booksOf(purchase)).toMatchObject({ charges: 1 });
});

test("accepts no address of 10,000 characters", () => {
  expect(emailOf(`${"a".repeat(9_988)}@example.com`)).toBeUndefined();
  expect(emailOf(EMAIL)).toBe(EMAIL);
});

test.each(["pm_card_visa", "ctoken_card_visa", "pm_fake_confirm_500_done"])(
  "charges once without a receipt if Stripe refuses the address, and logs it without the address (%s)",
  async (token) => {
    const logged = vi.spyOn(console, "log");
    onTestFinished(() => logged.mockRestore());
    const payment = aPayment(token, { receiptEmail: "ann@shop.invalid" });

    await outcomeOf(gateway().charge(payment));
    expect(await gateway().charge(payment)).toMatchObject({ outcome: "charged" });

    expect(await booksOf(payment)).toMatchObject({ intents: 1, charges: 1 });
    expect(await receiptOf(payment)).toBeNull();
    const lines = logged.mock.calls.join();
    expect(lines).toContain("payment.receipt_refused");
    expect(lines).not.toContain("shop.invalid");
  },
);

test("repeats a decline and an asked question if Stripe refuses the address", async () => {
  const receiptEmail = "ann@shop.invalid";
  const declined = aPayment("pm_card_chargeDeclined", { receiptEmail });
  const asked = aPayment("pm_card_authenticationRequired", { receiptEmail });
  for (let i = 0; i < 2; i += 1) {
    expect(await gateway().charge(declined)).toMatchObject({ outcome: "declined" });
    expect(await gateway().charge(asked)).toMatchObject({ outcome: "action_required" });
  }
});

test("sends the receipt to the address that came with the method that was charged", async () => {
  const first = aPayment("pm_card_chargeDeclined", { receiptEmail: "old@example.com" });
  const { chargeId } = (await gateway().charge(first)) as { chargeId: string };
  await gateway().charge({
    ...first,
    ...{ paymentToken: "pm_card_visa", attempt: 2, chargeId, receiptEmail: EMAIL },
  });
  expect(await receiptOf(first)).toBe(EMAIL);
});

test("shows the address nowhere: no answer, no copy in Redis, no event, no log", async () => {
  const logged = vi.spyOn(console, "log");
  onTestFinished(() => logged.mockRestore());
  const purchase = await ordered(EMAIL, { paymentToken: "pm_card_authenticationRequired" });
  const { to, orderId, skuId, buyer } = purchase;
  await deliverTo(gateway(), [purchase.message]);
  expect(await storedPayment(purchase)).toContain(EMAIL);

  const seen: unknown[] = [
    purchase.order,
    purchase.message,
    await to("GET", `/api/orders/${orderId}`),
    await to("GET", `/api/orders/${orderId}/payment`),
    await to("GET", "/api/orders"),
    await to("GET", `/orders/${orderId}`),
    await ledger(skuId),
    await admin("GET", `/skus/${skuId}/orders`),
    await redis("HGETALL", KEYS.ordersOf(buyer.id)),
    await redis("HGETALL", KEYS.live),
    logged.mock.calls,
  ];

  for (const each of seen) expect(JSON.stringify(each)).not.toContain(EMAIL);
});

test("leaves the ledger once the order is confirmed or given back", async () => {
  const confirmed = await ordered(EMAIL, { paymentToken: "pm_card_visa" });
  const given = await ordered(EMAIL, { paymentToken: "pm_card_visa" });
  expect(await storedPayment(given)).toContain(EMAIL);

  await deliverTo(gateway(), [confirmed.message]);
  await cancel(given);

  expect(await storedPayment(confirmed)).not.toContain(EMAIL);
  expect(await storedPayment(given)).not.toContain(EMAIL);
});

test("is not even stored where payments are not Stripe's", async () => {
  const { skuId, queue } = await givenPaid();
  const id = unique("shopper");
  const buyer = { id, token: await tokenFor(id, AUTH_SECRET, { email: EMAIL }) };
  const headers = { "idempotency-key": unique("key") };
  const body = { quantity: 1, paymentToken: "tok_ok" };
  const path = `/api/skus/${skuId}/orders`;
  const { body: order } = await asBuyer(buyer, "POST", path, { headers, body }, env);
  const purchase: Purchase = {
    buyer,
    order,
    skuId,
    queue,
    message: await nextMessage(queue, order.id),
  };

  expect(await storedPayment(purchase)).not.toContain(EMAIL);
});
