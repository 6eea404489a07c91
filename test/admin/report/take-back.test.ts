// Taking back the orders of a cluster: all through the commands of single orders, once per key, and for operators only.
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { SignedReport } from "../../../src/admin/report/document.ts";
import type { TakeBackResult } from "../../../src/admin/report/take-back.ts";
import type { LogEntry } from "../../../src/catalog/log-entry.ts";
import { SkuInventory } from "../../../src/inventory/sku-inventory.ts";
import { deliverTo, givenOrder, givenPaid, type Purchase } from "../../orders/saga-fixtures.ts";
import { booksOf, gateway } from "../../payments/stripe-fixtures.ts";
import { deliverNext } from "../../payments/stripe-orders.ts";
import {
  expectOperatorsOnly,
  postForm,
  showPage,
  signedIn,
  valueIn,
} from "../../support/console.ts";
import { ADMIN_TOKEN, admin, contractFaults, VIEWER_TOKEN } from "../../support/http.ts";
import { emptyRedis, redisIsBack } from "../../support/redis.ts";
import { aBuyer, bought, ledger, onSale, unique } from "../../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

/** Three orders of three accounts: two paid with the same card, and one that is reserved. */
async function givenCluster() {
  const sale = await givenPaid({ stock: 5 });
  const paid: Purchase[] = [];
  for (const paymentToken of ["pm_card_visa", "pm_card_visa"]) {
    paid.push(await givenOrder(sale, { paymentToken }));
  }
  await deliverTo(
    gateway(),
    paid.map(({ message }) => message),
  );
  const reserved = await givenOrder(sale, {});
  const [one, other] = paid as [Purchase, Purchase];
  const { saleId } = one.order;
  const orderIds = [one, other, reserved].map(({ order }) => order.id);
  return { ...sale, saleId, one, other, reserved, orderIds };
}

const takeBack = (saleId: string, body: unknown, key = unique("key")) =>
  admin<TakeBackResult>("POST", `/sales/${saleId}/audit/take-back`, {
    body,
    headers: { "idempotency-key": key },
  });
const outcomes = ({ body }: { body: TakeBackResult }) => body.results.map(({ outcome }) => outcome);
const suspicions = async (saleId: string) =>
  (await admin<SignedReport>("GET", `/sales/${saleId}/audit`)).body.report.suspicions;

const REASON = { backOnSale: true, reason: "one buyer with many accounts" };

test("cancels what is reserved and refunds what is confirmed, and the units are on sale again", async () => {
  const { saleId, skuId, one, other, reserved, orderIds } = await givenCluster();
  expect(await suspicions(saleId)).toMatchObject({
    clusters: [{ kind: "card", accounts: 2, units: 2, orders: 2 }],
    compared: 3,
  });

  const answer = await takeBack(saleId, { orderIds, ...REASON });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    results: [
      { orderId: one.order.id, outcome: "refunding" },
      { orderId: other.order.id, outcome: "refunding" },
      { orderId: reserved.order.id, outcome: "cancelled" },
    ],
    left: 0,
  });
  expect((await suspicions(saleId)).clusters).toEqual([]);
  await deliverNext(one);
  await deliverNext(other);
  expect(await ledger(skuId)).toMatchObject({ stocked: 5, sold: 0, held: 0, available: 5 });
  for (const { order } of [one, other]) {
    expect(await booksOf({ orderId: order.id })).toMatchObject({ charges: 1, refunds: 1 });
  }
});

test("takes all units out of the stock if asked to, once, those of reserved orders too", async () => {
  const { saleId, skuId, one, other, orderIds } = await givenCluster();
  const withdrawal = { orderIds, ...REASON, backOnSale: false };
  const key = unique("key");
  for (let i = 0; i < 2; i += 1) await takeBack(saleId, withdrawal, key);
  expect(await ledger(skuId)).toMatchObject({ stocked: 4, sold: 2, held: 0, available: 2 });
  await deliverNext(one);
  await deliverNext(other);
  expect(await ledger(skuId)).toMatchObject({ stocked: 2, sold: 0, held: 0, available: 2 });
});

test("refunds once, however often the same request comes", async () => {
  const { saleId, one, orderIds } = await givenCluster();
  const body = { orderIds: [...orderIds, ...orderIds], ...REASON };
  const key = unique("key");
  expect(outcomes(await takeBack(saleId, body, key))).toHaveLength(3);
  const again = await takeBack(saleId, body, key);
  expect(outcomes(again)).toEqual(["refunding", "refunding", "unchanged"]);
  expect(again.headers.get("idempotent-replayed")).toBeNull();
  await deliverNext(one);
  expect(outcomes(await takeBack(saleId, body, key))).toEqual([
    "unchanged",
    "refunding",
    "unchanged",
  ]);
  expect(await booksOf({ orderId: one.order.id })).toMatchObject({ refunds: 1 });
});

test("logs each order with the reason", async () => {
  const { saleId, orderIds } = await givenCluster();
  await takeBack(saleId, { orderIds, ...REASON });
  const logged = [];
  for (const orderId of orderIds) {
    const { body } = await admin<{ entries: LogEntry[] }>("GET", `/log?target=order/${orderId}`);
    logged.push(...body.entries.map(({ action, reason, outcome }) => [action, reason, outcome]));
  }
  expect(logged).toEqual([
    ["order.refunded", REASON.reason, "done"],
    ["order.refunded", REASON.reason, "done"],
    ["order.released", REASON.reason, "done"],
  ]);
});

test("stops when a ledger does not answer, and goes on with the same request", async () => {
  const { saleId, orderIds } = await givenCluster();
  const real = SkuInventory.prototype.refund;
  let calls = 0;
  const spy = vi.spyOn(SkuInventory.prototype, "refund").mockImplementation(function (
    this: SkuInventory,
    ...command
  ) {
    calls += 1;
    if (calls > 1) throw new Error("the object is down");
    return real.apply(this, command);
  });
  const key = unique("key");
  const body = { orderIds, ...REASON };
  const answer = await takeBack(saleId, body, key).finally(() => spy.mockRestore());
  expect(answer.body).toMatchObject({
    results: [{ outcome: "refunding" }, { outcome: "unknown", code: "unavailable" }],
    left: 1,
  });
  expect(outcomes(await takeBack(saleId, body, key))).toEqual([
    "refunding",
    "refunding",
    "cancelled",
  ]);
});

describe("a bad request changes nothing", () => {
  test("with an order of another sale, or one that does not exist", async () => {
    const { saleId, skuId, orderIds } = await givenCluster();
    const foreign = await bought(await aBuyer(), await onSale());
    for (const stranger of [
      foreign.id,
      "nothing",
      `${skuId}.0.${"a".repeat(20)}`,
      "__proto__",
      "",
    ]) {
      const answer = await takeBack(saleId, { orderIds: [...orderIds, stranger], ...REASON });
      expect(answer).toMatchObject({
        status: 400,
        body: { issues: [{ path: "orderIds.3", message: "is not an order of this sale" }] },
      });
    }
    expect(await ledger(skuId)).toMatchObject({ sold: 2, held: 1 });
  });

  test.each([
    ["no orders", { orderIds: [] }],
    ["too many orders", { orderIds: Array.from({ length: 51 }, (_, at) => `order-${at}`) }],
    ["an id that is too long", { orderIds: ["x".repeat(1_000)] }],
    ["no reason", { reason: " " }],
    ["an unknown field", { quantity: 1 }],
    ["a text for a flag", { backOnSale: "yes" }],
  ])("with %s", async (_, change) => {
    const answer = await takeBack("sale", { orderIds: ["order"], ...REASON, ...change });
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(contractFaults(answer)).toEqual([]);
  });

  test("without an idempotency key", async () => {
    const answer = await admin("POST", "/sales/sale/audit/take-back", { body: {} });
    expect(answer).toMatchObject({ status: 400, code: "idempotency_key_required" });
  });
});

describe("the page of the report", () => {
  const pathOf = (saleId: string) => `/admin/sales/${saleId}/report`;
  const formOf = (orderIds: string[]) => ({
    ...{ key: unique("key"), orders: orderIds.join(" "), units: "sell", reason: "bots" },
  });

  test("shows what holds and the clusters, and takes one back", async () => {
    const { saleId, skuId, orderIds } = await givenCluster();
    const cookie = await signedIn(ADMIN_TOKEN);
    const { status, body, headers } = await showPage(pathOf(saleId), cookie);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(body).toContain("Sold + held + available = stocked");
    expect(body).toContain("2 accounts paid with one card");
    const form = {
      key: valueIn(body, "key"),
      orders: valueIn(body, "orders"),
      ...{ units: "withdraw", reason: "one card" },
    };
    expect(form.orders.split(" ").sort()).toEqual(orderIds.slice(0, 2).sort());

    const answer = await postForm(pathOf(saleId), form, { cookie });
    expect(answer.status).toBe(200);
    expect(answer.body.match(/refunding/g)).toHaveLength(2);
    expect(answer.body).toContain("None found.");
    expect(await ledger(skuId)).toMatchObject({ sold: 2 });
    expect((await admin("GET", `/orders/${orderIds[0]}`)).body).toMatchObject({
      refunds: [{ backOnSale: false, reason: "one card" }],
    });
  });

  test("offers a viewer no action, and accepts none", async () => {
    const { saleId, skuId, orderIds } = await givenCluster();
    const { body } = await showPage(pathOf(saleId), await signedIn(VIEWER_TOKEN));
    expect(body).toContain("2 accounts paid with one card");
    expect(body).not.toContain('name="orders"');
    await expectOperatorsOnly(pathOf(saleId), formOf(orderIds));
    expect(await ledger(skuId)).toMatchObject({ sold: 2, held: 1 });
  });

  test.each([
    ["an unknown field", { more: "1" }],
    ["no reason", { reason: "" }],
    ["too many orders", { orders: Array.from({ length: 51 }, () => "x").join(" ") }],
    ["a key with other characters", { key: "a b" }],
    ["an unknown choice", { units: "keep" }],
  ])("says what is wrong with a form with %s", async (_, change) => {
    const { saleId, skuId, orderIds } = await givenCluster();
    const cookie = await signedIn(ADMIN_TOKEN);
    const form = { ...formOf(orderIds), ...change };
    const answer = await postForm(pathOf(saleId), form, { cookie });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('role="alert"');
    expect(await ledger(skuId)).toMatchObject({ sold: 2, held: 1 });
  });

  test("does not exist for a sale that does not exist", async () => {
    const cookie = await signedIn(ADMIN_TOKEN);
    for (const saleId of ["unknown", "%00", "X"]) {
      expect((await showPage(pathOf(saleId), cookie)).status).toBe(404);
      expect((await postForm(pathOf(saleId), formOf(["x"]), { cookie })).status).toBe(404);
    }
  });
});
