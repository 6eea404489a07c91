// The operator's routes for single orders: find those of a user, inspect, release, and send the webhook again.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import type { OrderInspection } from "../../src/inventory/inspection.ts";
import type { Order } from "../../src/inventory/order.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { stubOf } from "../inventory/object.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type Purchase,
  pay,
  TestGateway,
} from "../orders/saga-fixtures.ts";
import { admin, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis, redisIsBack, redisIsDown } from "../support/redis.ts";
import { aBuyer, bought, ledger, onSale, showOrder, unique } from "../support/shop.ts";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
});

const inspect = (orderId: string) => admin<OrderInspection>("GET", `/orders/${orderId}`);
const release = (orderId: string) => admin<OrderInspection>("POST", `/orders/${orderId}/release`);
const resend = (orderId: string) => admin("POST", `/orders/${orderId}/webhooks/resend`);
const deliverNext = async (gateway: TestGateway, { queue, order }: Purchase) =>
  deliverTo(gateway, [await nextMessage(queue, order.id)]);

/** Ids that name no order: malformed, of another lane, and of a SKU that never existed. */
const NO_ORDERS = [
  ["a letter", "x"],
  ["a null character", "%00"],
  ["one of an unknown SKU", `${unique("never")}.0.${"a".repeat(20)}`],
  ["one of another lane", `${unique("never")}.7.${"a".repeat(20)}`],
  ["2,000 characters", "x".repeat(2_000)],
] as const;

describe("an order", () => {
  test("is shown as its ledger has it, with its payment and its owner", async () => {
    const gateway = new TestGateway();
    gateway.asking = true;
    const purchase = await givenOrder(await givenPaid(), { paymentToken: "tok_ok" });
    await deliverTo(gateway, [purchase.message]);

    const { status, body } = await inspect(purchase.order.id);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: purchase.order.id,
      userId: purchase.buyer.id,
      status: "reserved",
      payment: "action_required",
      isPublished: true,
      charge: { id: `charge of ${purchase.order.id}`, nextStep: "none", attempt: 1 },
      refunds: [],
    });
    // Neither the means to pay nor to answer the bank.
    expect(JSON.stringify(body)).not.toMatch(/secret|tok_ok|fingerprint|idempotency/i);
  });

  test("shows its refunds with their reasons, and whether the webhook is owed", async () => {
    const purchase = await givenOrder(await givenPaid(), { paymentToken: "tok_ok" });
    const vars = { ORDER_WEBHOOK_URL: "https://erp.test/hook" };
    await deliverTo(new TestGateway(), [purchase.message], { vars: withSecret(vars) });
    const body = { backOnSale: true, reason: "damaged" };
    const headers = { "idempotency-key": "r1" };
    await admin("POST", `/orders/${purchase.order.id}/refund`, { body, headers });

    expect((await inspect(purchase.order.id)).body).toMatchObject({
      payment: "refund_due",
      isPublished: false,
      charge: { nextStep: "refund" },
      refunds: [{ id: "r1", quantity: 1, reason: "damaged", state: "due", backOnSale: true }],
      eventOwedSince: expect.any(String),
    });
  });

  test("is found without making further orders of its SKU more expensive", async () => {
    const order = await bought(await aBuyer(), await onSale({ price: 100 }));
    await inspect(order.id);
    await release(order.id);
    const indexes = await runInDurableObject(stubOf(order.skuId), (_, { storage }) =>
      storage.sql
        .exec("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOTNULL")
        .toArray(),
    );
    expect(indexes.map(({ name }) => name)).not.toContain("orders_by_id");
  });

  test.each(NO_ORDERS)("is not found as %s, and no object wakes", async (_, id) => {
    const woken = vi.spyOn(env.SKU_INVENTORY, "getByName");
    onTestFinished(() => woken.mockRestore());
    for (const answer of [await inspect(id), await release(id)]) {
      expect(answer).toMatchObject({ status: 404, code: "not_found" });
      expect(contractFaults(answer)).toEqual([]);
    }
    // Orders of the tests before may still be settled in the background. Their SKUs are real ones.
    const others = woken.mock.calls.filter(([name]) => !name.startsWith("sku-"));
    expect(others).toEqual([]);
  });

  test("is unavailable while its object is", async () => {
    const order = await bought(await aBuyer(), await onSale());
    const spy = vi.spyOn(SkuInventory.prototype, "inspect").mockImplementation(() => {
      throw new Error("the object died");
    });
    onTestFinished(() => spy.mockRestore());
    expect(await inspect(order.id)).toMatchObject({ status: 503, code: "unavailable" });
  });
});

const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
const withSecret = (vars: { ORDER_WEBHOOK_URL: string }) => ({
  ...vars,
  ORDER_WEBHOOK_SECRET: [SECRET],
});

describe("the orders of a user", () => {
  interface List {
    orders: (Order & { userId: string })[];
    nextCursor?: string;
    incomplete?: true;
  }
  const list = (query: string) => admin<List>("GET", `/orders?${query}`);

  test("are listed newest first, across SKUs", async () => {
    const buyer = await aBuyer("ä user/1");
    const [one, two] = [await onSale(), await onSale({ price: 100 })];
    const orders = [await bought(buyer, one), await bought(buyer, two)];
    await bought(await aBuyer(), two);

    const { status, body } = await list(`user=${encodeURIComponent(buyer.id)}`);

    expect(status).toBe(200);
    expect(body.orders.map(({ id }) => id).sort()).toEqual(orders.map(({ id }) => id).sort());
    expect(new Set(body.orders.map(({ userId }) => userId))).toEqual(new Set([buyer.id]));
  });

  test("are read from the ledgers and marked incomplete while Redis is down", async () => {
    const buyer = await aBuyer();
    const order = await bought(buyer, await onSale());
    await redisIsDown();
    expect((await list(`user=${buyer.id}`)).body).toMatchObject({
      orders: [{ id: order.id, userId: buyer.id }],
      incomplete: true,
    });
  });

  test("are none for someone who never ordered", async () => {
    expect((await list(`user=${unique("nobody")}`)).body.orders).toEqual([]);
  });

  test.each(["", "user=", `user=${"x".repeat(129)}`, "user=ann&cursor=x"])(
    "cannot be listed with %j",
    async (query) => {
      const answer = await list(query);
      expect(answer.code).toBe("invalid_request");
      expect(contractFaults(answer)).toEqual([]);
    },
  );
});

describe("a release", () => {
  test("gives the units of a reserved order back at once, and tells its buyer who did it", async () => {
    const purchase = await givenOrder(await givenPaid({ stock: 1 }));
    expect(await ledger(purchase.skuId)).toMatchObject({ held: 1, available: 0 });

    const { status, body } = await release(purchase.order.id);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "cancelled",
      reason: "operator",
      userId: purchase.buyer.id,
    });
    expect(await ledger(purchase.skuId)).toMatchObject({ held: 0, available: 1 });
    await deliverNext(new TestGateway(), purchase);
    expect((await showOrder(purchase.buyer, purchase.order.id)).body).toMatchObject({
      status: "cancelled",
      reason: "operator",
    });
  });

  test("changes nothing when it is repeated, or races with the buyer", async () => {
    const purchase = await givenOrder(await givenPaid({ stock: 1 }));
    const { id } = purchase.order;
    const answers = await Promise.all([release(id), cancel(purchase), release(id)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await inspect(id)).body.version).toBe(2);
    expect(await ledger(purchase.skuId)).toMatchObject({ held: 0, available: 1 });
  });

  test("voids a payment that has not been charged", async () => {
    const gateway = new TestGateway();
    const purchase = await givenOrder(await givenPaid(), { paymentToken: "tok_ok" });
    await release(purchase.order.id);
    await deliverTo(gateway, [purchase.message]);
    expect(gateway.calls).toEqual([`void ${purchase.order.id}`]);
    expect((await inspect(purchase.order.id)).body).toMatchObject({
      status: "cancelled",
      payment: "voided",
    });
    expect((await pay(purchase, "tok_other")).code).toBe("order_not_payable");
  });

  test("returns the money of a charge that succeeded meanwhile", async () => {
    const gateway = new TestGateway();
    const purchase = await givenOrder(await givenPaid({ stock: 1 }), { paymentToken: "tok_ok" });
    const held = gateway.hold(purchase.order);
    const charging = deliverTo(gateway, [purchase.message]);
    await vi.waitUntil(() => gateway.calls.length === 1, { timeout: 60_000 });

    await release(purchase.order.id);
    held.release();
    await charging;
    await deliverNext(gateway, purchase);

    expect(gateway.charged).toEqual(gateway.refunded);
    expect((await inspect(purchase.order.id)).body).toMatchObject({
      status: "refunded",
      payment: "refunded",
    });
    expect(await ledger(purchase.skuId)).toMatchObject({ held: 0, sold: 0, available: 1 });
  });

  test("is refused for an order that is confirmed or expired", async () => {
    const holds = givenHolds();
    const sale = await givenPaid({ stock: 2 });
    const confirmed = await givenOrder(sale, { paymentToken: "tok_ok" });
    await deliverTo(new TestGateway(), [confirmed.message]);
    const expired = await givenOrder(sale);
    holds.end();
    for (const { order } of [confirmed, expired]) {
      const answer = await release(order.id);
      expect(answer).toMatchObject({ status: 409, code: "order_not_cancellable" });
      expect(contractFaults(answer)).toEqual([]);
    }
    expect(await ledger(sale.skuId)).toMatchObject({ sold: 1, available: 1 });
  });

  test("never counts as an unpaid hold of the buyer", async () => {
    captureQueue();
    const skuId = await onSale({ price: 500 });
    const buyer = await aBuyer();
    for (let i = 0; i < 5; i += 1) {
      expect((await release((await bought(buyer, skuId)).id)).status).toBe(200);
    }
    expect((await bought(buyer, skuId)).status).toBe("reserved");
  });
});

describe("sending a webhook again", () => {
  const givenWebhook = () => {
    const config = requireConfig(env);
    config.ORDER_WEBHOOK_URL = "https://erp.test/hook";
    onTestFinished(() => {
      delete config.ORDER_WEBHOOK_URL;
    });
  };

  test("owes the shop the event of a final order again, under the same id", async () => {
    const purchase = await givenOrder(await givenPaid({ price: 0 }));
    const { id } = purchase.order;
    await deliverTo(null, [purchase.message]);
    expect((await inspect(id)).body).not.toHaveProperty("eventOwedSince");
    givenWebhook();

    for (let i = 0; i < 2; i += 1) {
      const answer = await resend(id);
      expect(answer).toMatchObject({ status: 202, body: { webhookId: `${id}.2` } });
      expect(await nextMessage(purchase.queue, id)).toMatchObject({ kind: "news", orderId: id });
    }
    expect((await inspect(id)).body).toMatchObject({
      version: 2,
      eventOwedSince: expect.any(String),
    });
  });

  test("is refused while there is no event yet, without a webhook, and for unknown orders", async () => {
    const purchase = await givenOrder(await givenPaid());
    expect((await resend(purchase.order.id)).code).toBe("invalid_request");
    givenWebhook();
    const answer = await resend(purchase.order.id);
    expect(answer).toMatchObject({
      code: "invalid_request",
      body: { issues: [{ path: "orderId" }] },
    });
    for (const [, id] of NO_ORDERS) expect((await resend(id)).status).toBe(404);
    const id = `${purchase.order.id.slice(0, -20)}${"a".repeat(20)}`;
    for (const unknown of [await inspect(id), await release(id), await resend(id)]) {
      expect(unknown.status).toBe(404);
    }
  });
});
