// The traces of orders: keyed hashes that only the report reads, different in every sale, and deleted 30 days after the close.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SignedReport } from "../../src/admin/report/document.ts";
import type { AuditedOrder } from "../../src/inventory/audit.ts";
import { deliverTo, givenOrder, givenPaid } from "../orders/saga-fixtures.ts";
import { booksOf, gateway } from "../payments/stripe-fixtures.ts";
import { givenClock } from "../support/clock.ts";
import { admin, request, send } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, onSale, unique } from "../support/shop.ts";
import { anOffer, START } from "./commands.ts";
import { aReservation, givenUnits, inside, inventory, putToSleep, stubOf } from "./object.ts";

const DAY_MS = 86_400_000;

beforeAll(emptyRedis);
beforeEach(() => void captureQueue());

const ordersOf = async (skuId: string): Promise<AuditedOrder[]> =>
  (await inventory(skuId).audit(null)).orders;
const tracesOf = async (skuId: string) => (await ordersOf(skuId)).map(({ traces }) => traces);

/** Buys from this address. */
async function buyFrom(address: string, skuId: string) {
  const { token } = await aBuyer();
  const headers = { "idempotency-key": unique("key"), "cf-connecting-ip": address };
  const path = `/api/skus/${skuId}/orders`;
  const answer = await send(request("POST", path, { token, headers, body: { quantity: 1 } }));
  expect(answer.status).toBe(202);
  return answer.body;
}

describe("the address block of an order", () => {
  test.each([
    ["203.0.113.7", "203.0.113.250", "203.0.112.7"],
    ["2001:db8:1:2::1", "2001:db8:1:ffff::9", "2001:db8:2:2::1"],
  ])("is the same for %s and %s, and another one for %s", async (one, neighbor, stranger) => {
    const skuId = await onSale();
    for (const address of [one, neighbor, stranger]) await buyFrom(address, skuId);
    const networks = (await ordersOf(skuId))
      .toSorted((a, b) => a.createdAt - b.createdAt)
      .map(({ traces }) => traces.network);
    expect(new Set(networks).size).toBe(2);
    expect(networks.every((network) => /^[\w-]{16}$/.test(network ?? ""))).toBe(true);
  });

  test("has another hash in another sale, so that sales cannot be compared", async () => {
    const skus = [await onSale(), await onSale()];
    for (const skuId of skus) await buyFrom("203.0.113.7", skuId);
    const [[one] = [], [other] = []] = await Promise.all(skus.map(tracesOf));
    expect(one?.network).toBeDefined();
    expect(one?.network).not.toBe(other?.network);
  });

  test("is in nothing that buyers or operators read", async () => {
    const skuId = await onSale();
    const order = await buyFrom("203.0.113.7", skuId);
    const [traces] = await tracesOf(skuId);
    for (const path of [
      `/orders/${order.id}`,
      `/skus/${skuId}/orders`,
      `/skus/${skuId}/orders.csv`,
    ]) {
      expect(JSON.stringify(await admin("GET", path))).not.toContain(traces?.network);
    }
    const { body } = await admin<SignedReport>("GET", `/sales/${order.saleId}/audit`);
    expect(JSON.stringify(body)).not.toContain(traces?.network);
    expect(JSON.stringify(order)).not.toContain(traces?.network);
  });
});

test("the card of a charge is stored as a hash, the same for each order paid with it", async () => {
  const sale = await givenPaid();
  const methods = ["pm_card_visa", "pm_card_visa", "pm_card_mastercard"];
  const purchases = [];
  for (const paymentToken of methods) purchases.push(await givenOrder(sale, { paymentToken }));
  await deliverTo(
    gateway(),
    purchases.map(({ message }) => message),
  );
  const orders = new Map((await ordersOf(sale.skuId)).map((each) => [each.orderId, each]));
  const cards = purchases.map(({ order }) => orders.get(order.id)?.traces.card);
  expect(cards[0]).toMatch(/^[\w-]{16}$/);
  expect([cards[1] === cards[0], cards[2] === cards[0]]).toEqual([true, false]);
  expect((await booksOf({ orderId: purchases[0]?.order.id ?? "" })).charges).toBe(1);
});

describe("30 days after the close", () => {
  /** A free SKU of the sale "sale", with an order from each of these blocks. */
  async function givenTraced(networks: string[]) {
    const clock = givenClock(START);
    const skuId = await givenUnits(networks.length);
    for (const network of networks)
      await inventory(skuId).reserve(aReservation(skuId, { network }));
    return { clock, skuId };
  }
  const { closesAt } = anOffer(1).terms;
  /** The request that the reconciliation sends every hour. */
  const reconcile = (skuId: string) => {
    const offer = anOffer(2);
    return inventory(skuId).configure({
      ...{ skuId, revision: 1 },
      offer: { ...offer, terms: { ...offer.terms, skuId } },
    });
  };

  test("all hashes are deleted, and the orders stay as they are", async () => {
    const { clock, skuId } = await givenTraced(["a", "b"]);
    clock.moveTo(closesAt + 30 * DAY_MS - 1);
    await reconcile(skuId);
    expect((await tracesOf(skuId)).map(({ network }) => network).sort()).toEqual(["a", "b"]);
    const before = await ordersOf(skuId);

    clock.moveTo(closesAt + 30 * DAY_MS);
    await reconcile(skuId);
    expect(await tracesOf(skuId)).toEqual([{}, {}]);
    expect(await ordersOf(skuId)).toEqual(before.map((order) => ({ ...order, traces: {} })));
    const stored = await inside(skuId, (_, { storage: { sql } }) =>
      sql.exec("SELECT count(*) AS count FROM orders WHERE traces IS NOT NULL").one(),
    );
    expect(stored).toEqual({ count: 0 });
  });

  test("an order that changes afterward does not bring them back", async () => {
    const { clock, skuId } = await givenTraced([]);
    const order = aReservation(skuId, { network: "a" });
    await inventory(skuId).configure({
      ...{ skuId, revision: 2 },
      offer: { ...anOffer(1), terms: { ...anOffer(1).terms, skuId } },
    });
    await inventory(skuId).reserve(order);
    clock.moveTo(closesAt + 30 * DAY_MS);
    await reconcile(skuId);
    using claim = await inventory(skuId).claim([order]);
    expect(claim.claims).toMatchObject([{ order: { status: "confirmed", version: 2 } }]);
    await claim.session.acknowledge([{ ...order, version: 2 }]);
    expect(await tracesOf(skuId)).toEqual([{}]);
  });

  test("an object that slept all the time deletes them when it wakes", async () => {
    const { clock, skuId } = await givenTraced(["a"]);
    await putToSleep(skuId);
    clock.moveTo(closesAt + 31 * DAY_MS);
    await reconcile(skuId);
    expect(await tracesOf(skuId)).toEqual([{}]);
  });

  test("those of a deleted sale are deleted, counted from its last order", async () => {
    const { clock, skuId } = await givenTraced(["a"]);
    await inventory(skuId).configure({ skuId, revision: 2, offer: null });
    expect(await tracesOf(skuId)).toEqual([{ network: "a" }]);
    clock.moveTo(START + 30 * DAY_MS);
    await inventory(skuId).configure({ skuId, revision: 2, offer: null });
    expect(await tracesOf(skuId)).toEqual([{}]);
  });

  test("a large ledger loses them in batches, by its alarm", async () => {
    const { clock, skuId } = await givenTraced(["a"]);
    await inside(skuId, (_, { storage: { sql } }) => {
      const names = sql.exec("SELECT * FROM orders LIMIT 1").columnNames;
      const of: Record<string, string> = { user_id: "'user-' || n", order_id: "'order-' || n" };
      const values = names.map((name) => of[name] ?? name).join(", ");
      sql.exec(
        `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 2499)
         INSERT INTO orders SELECT ${values} FROM counter, (SELECT * FROM orders LIMIT 1)`,
      );
      sql.exec("UPDATE orders SET acknowledged = version");
    });
    await putToSleep(skuId);
    const left = () =>
      inside(skuId, (_, { storage: { sql } }) =>
        Number(sql.exec("SELECT count(*) AS n FROM orders WHERE traces IS NOT NULL").one().n),
      );
    clock.moveTo(closesAt + 31 * DAY_MS);
    await reconcile(skuId);
    expect(await left()).toBe(500);
    expect(await runDurableObjectAlarm(stubOf(skuId))).toBe(true);
    expect(await left()).toBe(0);
  });
});
