// Rehearsals remove themselves: nothing of them is left but the operators' log, and nothing of a real sale is ever touched.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { SaleRegistry } from "../../src/catalog/registry.ts";
import { requireConfig } from "../../src/config/config.ts";
import { laneOf } from "../../src/inventory/lanes/lane-of.ts";
import { namesOf } from "../../src/inventory/order-id.ts";
import { reconcile } from "../../src/reconcile.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { emptyRedis, KEYS, redis } from "../support/redis.ts";
import { aSynthetic, givenRehearsal } from "../support/rehearsal.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  bought,
  buyers,
  ledger,
  putSale,
  settled,
  until,
} from "../support/shop.ts";

beforeAll(emptyRedis);

const MINUTE_MS = 60_000;
const run = () => reconcile(env, requireConfig(env), Date.now());

/** What the objects and tables have of a rehearsal. */
async function leftOf({ saleId, skuId }: { saleId: string; skuId: string }, people: Buyer[]) {
  const registry = env.SALE_REGISTRY.getByName("registry");
  const rows = await runInDurableObject(registry, (_, { storage }) => [
    ...storage.sql.exec("SELECT id FROM sales WHERE id = ?", saleId),
    ...storage.sql.exec("SELECT id FROM skus WHERE id = ? OR sale_id = ?", skuId, saleId),
    ...storage.sql.exec("SELECT sku_id FROM restocks WHERE sku_id = ?", skuId),
    ...storage.sql.exec("SELECT key FROM switches WHERE document LIKE ?", `%${saleId}%`),
  ]);
  const orders = await runInDurableObject(env.SKU_INVENTORY.getByName(skuId), (_, { storage }) => [
    ...storage.sql.exec("SELECT order_id FROM orders"),
    ...storage.sql.exec("SELECT id FROM setup"),
  ]);
  const published = await Promise.all([
    redis("HGET", KEYS.live, skuId),
    redis("HGET", KEYS.live, `line/${saleId}`),
    redis("HGET", KEYS.attention, skuId),
    redis("GET", KEYS.buyersOf(skuId)),
    ...people.flatMap(({ id }) => [
      redis<number>("EXISTS", KEYS.ordersOf(id)).then((is) => is || null),
      redis<number>("EXISTS", KEYS.underWayOf(id)).then((is) => is || null),
    ]),
  ]);
  return [...rows, ...orders, ...published.filter((value) => value !== null)];
}

/** A rehearsal that sold all its units, with a restock, and a switch of its own. */
async function givenSold() {
  const rehearsal = await givenRehearsal({
    perUserLimit: 1,
    skus: [aSku({ stock: 2 })],
  });
  const { saleId, skuId } = rehearsal;
  await admin("POST", `/skus/${skuId}/restock`, {
    body: { quantity: 1 },
    headers: { "idempotency-key": "one" },
  });
  const people = [aSynthetic(rehearsal), aSynthetic(rehearsal), aSynthetic(rehearsal)];
  for (const person of people) await bought(person, skuId);
  await settled(skuId);
  await admin("POST", `/sales/${saleId}/pause`, { body: { reason: "test" } });
  return { ...rehearsal, people };
}

test("removes itself ten minutes after its end, although the command that made it is gone", async () => {
  const clock = givenClock(Date.now());
  const { people, ...rehearsal } = await givenSold();
  expect((await leftOf(rehearsal, people)).length).toBeGreaterThan(6);
  const end = Date.parse(rehearsal.sale.closesAt);
  clock.moveTo(end + 9 * MINUTE_MS);
  await run();
  expect((await ledger(rehearsal.skuId)).sold).toBe(3);
  clock.moveTo(end + 10 * MINUTE_MS);
  await run();
  await until("nothing is left", async () => (await leftOf(rehearsal, people)).length === 0);
  expect((await admin("GET", `/sales/${rehearsal.saleId}`)).code).toBe("not_found");
  expect((await call("GET", `/api/sales/${rehearsal.saleId}`)).code).toBe("not_found");
  const log = await admin("GET", `/log?target=sale/${rehearsal.saleId}`);
  expect(JSON.stringify(log.body)).toContain("rehearsal.granted");
});

test("is gone at once when its operator deletes it", async () => {
  const { people, ...rehearsal } = await givenSold();
  expect((await admin("DELETE", `/sales/${rehearsal.saleId}`)).status).toBe(204);
  await until("nothing is left", async () => (await leftOf(rehearsal, people)).length === 0);
  expect((await admin("DELETE", `/sales/${rehearsal.saleId}`)).code).toBe("not_found");
});

test("goes on with the next scheduled run after an interruption", async () => {
  const { people, ...rehearsal } = await givenSold();
  const forget = vi.spyOn(SaleRegistry.prototype, "forget");
  forget.mockImplementation(() => {
    throw new Error("killed");
  });
  expect((await admin("DELETE", `/sales/${rehearsal.saleId}`)).status).toBe(503);
  expect((await leftOf(rehearsal, people)).length).toBeGreaterThan(0);
  forget.mockRestore();
  await until("nothing is left", async () => {
    await run();
    return (await leftOf(rehearsal, people)).length === 0;
  });
});

test("goes on with the next scheduled run if the objects did not learn of the deletion", async () => {
  const { people, ...rehearsal } = await givenSold();
  await env.SALE_REGISTRY.getByName("registry").remove(rehearsal.saleId);
  await until("nothing is left", async () => {
    await run();
    return (await leftOf(rehearsal, people)).length === 0;
  });
});

test("acknowledges messages that come after the removal", async () => {
  const queue = captureQueue();
  const rehearsal = await givenRehearsal();
  await bought(aSynthetic(rehearsal), rehearsal.skuId);
  const messages = await takeMessages(queue, rehearsal.skuId, 1);
  expect((await admin("DELETE", `/sales/${rehearsal.saleId}`)).status).toBe(204);
  const acked = () => deliver(messages).then((result) => result.acked.length === 1);
  await until("the message is acknowledged", acked);
});

test("erases no lane if another lane has an order of a real person", async () => {
  const sale = await putSale(aSale({ skus: [aSku({ stock: 40, lanes: 4 })] }));
  const [{ id: skuId } = { id: "" }] = sale.skus;
  const crowd = await buyers(20);
  const buyer = crowd.find(({ id }) => laneOf(id, 4) === 3) as Buyer;
  await bought(buyer, skuId);
  await settled(skuId);
  await admin("DELETE", `/sales/${sale.id}`);
  expect(await env.SKU_INVENTORY.getByName(skuId).erase()).toBe(false);
  for (const name of namesOf([{ id: skuId, lanes: 4 }])) {
    const setup = await runInDurableObject(env.SKU_INVENTORY.getByName(name), (_, { storage }) => [
      ...storage.sql.exec("SELECT id FROM setup"),
    ]);
    expect(setup.length).toBe(1);
  }
});

test("deletes nothing of a real sale that looks like a deleted rehearsal", async () => {
  const sale = aSale();
  const id = `rehearsal-${sale.id}`;
  await putSale({ ...sale, id, listed: false });
  const [{ id: skuId } = { id: "" }] = sale.skus;
  const buyer = await aBuyer();
  const { id: orderId } = await bought(buyer, skuId);
  await settled(skuId);
  await admin("DELETE", `/sales/${id}`);
  await run();
  expect((await ledger(skuId)).sold).toBe(1);
  expect((await call("GET", `/api/orders/${orderId}`, { token: buyer.token })).status).toBe(200);
});

test("never reads or erases a deleted real sale whose id is that of a rehearsal", async () => {
  const sale = aSale();
  const id = `rehearsal-${sale.id}`;
  await putSale({ ...sale, id, listed: false });
  const [{ id: skuId } = { id: "" }] = sale.skus;
  await admin("DELETE", `/sales/${id}`);
  await run();
  expect(await ledger(skuId)).toMatchObject({ stocked: 10 });
  const registry = env.SALE_REGISTRY.getByName("registry");
  expect(await registry.show(id)).toMatchObject({ registered: { id, sale: null } });
});

test("an object refuses to be erased while it sells, or if one order is a real person's", async () => {
  const rehearsal = await givenRehearsal();
  await bought(aSynthetic(rehearsal), rehearsal.skuId);
  const erase = (skuId: string) => env.SKU_INVENTORY.getByName(skuId).erase();
  expect(await erase(rehearsal.skuId)).toBe(false);
  const names = ["!", "rehearsal", "rehearsal}", "rehearsal\u007f", "zoe"];
  for (const name of names) {
    const sale = await putSale(aSale());
    const [{ id: skuId } = { id: "" }] = sale.skus;
    await bought(await aBuyer(name), skuId);
    await admin("DELETE", `/sales/${sale.id}`);
    expect(await erase(skuId)).toBe(false);
    expect((await ledger(skuId)).sold + (await ledger(skuId)).held).toBe(1);
  }
});

test("offers the shop no event about orders of a rehearsal", async () => {
  const rehearsal = await givenRehearsal();
  const person = aSynthetic(rehearsal);
  const { id } = await bought(person, rehearsal.skuId);
  await settled(rehearsal.skuId);
  const config = requireConfig(env);
  config.ORDER_WEBHOOK_URL = "https://erp.test/hook";
  const answer = await admin("POST", `/orders/${id}/webhooks/resend`).finally(() => {
    delete config.ORDER_WEBHOOK_URL;
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(await ledger(rehearsal.skuId)).toMatchObject({ unannounced: 0 });
});
