// The limit on repeated unpaid holds, through the whole app.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { givenClock } from "../support/clock.ts";
import { type Answer, call, contractFaults, read, request } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, type Buyer, onSale, order, unique } from "../support/shop.ts";

beforeAll(pauseQueue);
beforeEach(emptyRedis);

const HOLD_MS = 300_000;

/** A buyer with two unpaid holds that have ended. */
async function givenTwoLapsed() {
  const clock = givenClock(Date.now());
  const skuId = await onSale({ price: 900 }, { closesAt: "2100-01-01T00:00:00Z" });
  const buyer = await aBuyer();
  for (let i = 0; i < 2; i += 1) {
    expect((await order(buyer, skuId)).status).toBe(202);
    clock.moveTo(Date.now() + HOLD_MS);
  }
  return { clock, skuId, buyer };
}

test("requires a payment method with the next order after two unpaid holds", async () => {
  const { skuId, buyer } = await givenTwoLapsed();
  const refused = await order(buyer, skuId);
  expect(refused).toMatchObject({ status: 409, code: "payment_method_required" });
  expect(contractFaults(refused)).toEqual([]);
  expect((await order(await aBuyer(), skuId)).status).toBe(202);
  expect((await order(buyer, skuId, { paymentToken: "tok_ok" })).status).toBe(202);
});

test("requires a payment method with the next order after two cancelled orders", async () => {
  const skuId = await onSale({ price: 900 });
  const buyer = await aBuyer();
  for (let i = 0; i < 2; i += 1) {
    const { body } = await order(buyer, skuId);
    await call("DELETE", `/api/orders/${body.id}`, { token: buyer.token });
  }
  expect((await order(buyer, skuId)).code).toBe("payment_method_required");
});

/** An attempt on a deployment whose pages lead to the shop's own checkout. */
async function atCheckoutShop(
  { token }: Buyer,
  skuId: string,
  body: object = {},
  vars: object = { PAYMENTS: "" },
): Promise<Answer> {
  const shop = { ...env, CHECKOUT_URL: "https://pay.test/checkout", ...vars };
  const headers = { "idempotency-key": unique("key") };
  const path = `/api/skus/${skuId}/orders`;
  const sent = request("POST", path, { token, headers, body: { quantity: 1, ...body } });
  return read(await app.fetch(sent, shop, createExecutionContext()));
}

test("makes the buyer wait twice as long each time if the shop has its own checkout", async () => {
  const { clock, skuId, buyer } = await givenTwoLapsed();
  const waits: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    const signedIn = await aBuyer(buyer.id); // a session token expires after an hour
    const refused = await atCheckoutShop(signedIn, skuId);
    expect(refused.code).toBe("rate_limited");
    expect(contractFaults(refused)).toEqual([]);
    const seconds = Number(refused.headers.get("retry-after"));
    waits.push(seconds);
    clock.moveTo(Date.now() + seconds * 1_000);
    expect((await atCheckoutShop(await aBuyer(buyer.id), skuId)).status).toBe(202);
    clock.moveTo(Date.now() + HOLD_MS);
  }
  expect(waits).toEqual([300, 600, 1_200, 2_400]);
});

test("accepts a payment token instead of the wait only if a gateway is configured", async () => {
  const { skuId, buyer } = await givenTwoLapsed();
  const token = { paymentToken: "tok_ok" };
  expect((await atCheckoutShop(buyer, skuId, token)).code).toBe("rate_limited");
  const charging = { PAYMENTS: "sandbox" };
  expect((await atCheckoutShop(buyer, skuId, token, charging)).status).toBe(202);
});

test("counts holds with a payment token as unpaid if no gateway is configured", async () => {
  const clock = givenClock(Date.now());
  const skuId = await onSale({ price: 900 }, { closesAt: "2100-01-01T00:00:00Z" });
  const buyer = await aBuyer();
  const token = { paymentToken: "tok_ok" };
  for (let i = 0; i < 2; i += 1) {
    const { status, body } = await atCheckoutShop(buyer, skuId, token);
    expect([status, body.payment]).toEqual([202, undefined]);
    clock.moveTo(Date.now() + HOLD_MS);
  }
  expect((await atCheckoutShop(buyer, skuId, token)).code).toBe("rate_limited");
});

test("refuses to attach a payment if no gateway is configured", async () => {
  const skuId = await onSale({ price: 900 });
  const { id, token } = await aBuyer();
  const { body } = await order({ id, token }, skuId);
  const sent = request("POST", `/api/orders/${body.id}/payment`, {
    token,
    body: { paymentToken: "tok_ok" },
  });
  const shop = { ...env, PAYMENTS: "" };
  const refused = await read(await app.fetch(sent, shop, createExecutionContext()));
  expect(refused.code).toBe("order_not_payable");
});
