// The operator's overview counts what needs a look in every ledger, and says which one to look at.
import { beforeAll, beforeEach, expect, test } from "vitest";
import { givenUnpaid, report } from "../orders/external-shop.ts";
import { deliverTo, givenOrder, givenPaid, PRICE, type Purchase } from "../orders/saga-fixtures.ts";
import {
  dispute,
  finishRefund,
  gateway,
  ownEvents,
  post,
  type StripeEvent,
} from "../payments/stripe-fixtures.ts";
import { deliverNext, requestRefund } from "../payments/stripe-orders.ts";
import { admin } from "../support/http.ts";
import { emptyRedis, KEYS, redis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { ledger, unique, until } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

interface Counts {
  refundsFailed: number;
  refundsDue: number;
  disputed: number;
  mismatches: number;
}
interface Overview {
  attention: (Counts & { skus: (Counts & { skuId: string })[] }) | null;
  payments: { inLine: number; perSecond: number } | null;
}

const overview = async () => (await admin<Overview>("GET", "/overview")).body;
/** What the overview says about a SKU. */
const about = async ({ skuId }: { skuId: string }) =>
  (await overview()).attention?.skus.find((sku) => sku.skuId === skuId);
const becomes = (sku: { skuId: string }, counts: Partial<Counts> | undefined) =>
  until(`the overview says ${JSON.stringify(counts)}`, async () => {
    const shown = await about(sku);
    if (!counts) return shown === undefined;
    const names = Object.keys(counts) as (keyof Counts)[];
    return names.every((name) => shown?.[name] === counts[name]);
  });

async function givenConfirmed(paymentToken = "pm_card_visa"): Promise<Purchase> {
  const purchase = await givenOrder(await givenPaid(), { paymentToken });
  await deliverTo(gateway(), [purchase.message]);
  return purchase;
}

async function postNewest({ order }: Purchase, type: string): Promise<void> {
  const events = await ownEvents({ orderId: order.id }, type);
  expect(await post(events.at(-1) as StripeEvent)).toBe(200);
}

test("counts a refund that the bank returned, until another one succeeded", async () => {
  const purchase = await givenConfirmed("pm_fake_refund_pending");
  await requestRefund(purchase);
  await deliverNext(purchase);
  await finishRefund({ orderId: purchase.order.id }, "no");
  await deliverTo(gateway(), [purchase.message]);
  await becomes(purchase, { refundsFailed: 1, disputed: 0 });
  expect((await overview()).attention?.refundsFailed).toBeGreaterThanOrEqual(1);
  expect((await ledger(purchase.skuId)).refundsFailed).toHaveLength(1);

  await requestRefund(purchase);
  await deliverTo(gateway(), [purchase.message]);
  await finishRefund({ orderId: purchase.order.id }, "yes");
  await deliverTo(gateway(), [purchase.message]);
  await becomes(purchase, undefined);
});

test("counts open disputes", async () => {
  const purchase = await givenConfirmed();
  await dispute({ orderId: purchase.order.id }, "open");
  await postNewest(purchase, "charge.dispute.created");
  await becomes(purchase, { disputed: 1 });

  await dispute({ orderId: purchase.order.id }, "won");
  await postNewest(purchase, "charge.dispute.closed");
  await becomes(purchase, undefined);
});

test("counts each event about a payment that is not the order's once, and the ledger names it", async () => {
  const purchase = await givenConfirmed();
  const { order, buyer } = purchase;
  const metadata = { order_id: order.id, user_id: buyer.id };
  const intent = { id: "pi_other", object: "payment_intent", amount_received: PRICE, metadata };
  const data = { object: { ...intent, currency: "usd" } };
  for (let i = 0; i < 2; i += 1) {
    expect(await post({ type: "payment_intent.succeeded", data })).toBe(200);
  }

  await becomes(purchase, { mismatches: 1 });
  const { mismatches } = await ledger(purchase.skuId);
  expect(mismatches).toEqual([
    { orderId: order.id, reference: "pi_other", at: expect.stringMatching(/Z$/) },
  ]);
});

test("counts what the shop's own checkout reported wrongly or must return", async () => {
  const purchase = await givenUnpaid();
  const amount = { amount: 1, currency: "USD" };
  expect((await report(purchase, "charged", "psp-wrong", { amount })).status).toBe(422);
  await report(purchase, "charged", "psp-1");
  await report(purchase, "charged", "psp-2");
  await becomes(purchase, { mismatches: 1, refundsDue: 1 });

  await report(purchase, "refunded", "psp-2");
  await becomes(purchase, { mismatches: 1, refundsDue: 0 });
});

test("knows the counts again after Redis was emptied and the ledger was copied", async () => {
  const purchase = await givenConfirmed();
  await dispute({ orderId: purchase.order.id }, "open");
  await postNewest(purchase, "charge.dispute.created");
  await becomes(purchase, { disputed: 1 });
  await emptyRedis();
  expect(await about(purchase)).toBeUndefined();

  expect((await admin("POST", `/skus/${purchase.skuId}/rebuild`)).status).toBe(200);

  await becomes(purchase, { disputed: 1 });
});

test("says that it does not know while Redis is down, and how many payments are in line", async () => {
  await redisIsDown();
  expect(await overview()).toMatchObject({
    attention: null,
    payments: { inLine: expect.any(Number), perSecond: expect.any(Number) },
  });
});

test.each(["", "null", "[]", '{"refundsFailed":"1"}', "{"])(
  "skips a value that cannot be read (%j)",
  async (bad) => {
    const skuId = unique("bad");
    await redis("HSET", KEYS.attention, skuId, bad);
    expect(await about({ skuId })).toBeUndefined();
    expect((await overview()).attention).toMatchObject({ skus: expect.any(Array) });
  },
);

test("the ledger counts the holds whose clock stands still", async () => {
  const purchase = await givenOrder(await givenPaid(), { paymentToken: "pm_card_visa" });
  await givenOrder(purchase, {});
  expect(await ledger(purchase.skuId)).toMatchObject({ held: 2, holdsPaused: 1 });

  await deliverTo(gateway(), [purchase.message]);
  expect(await ledger(purchase.skuId)).toMatchObject({ held: 1, holdsPaused: 0 });
});
