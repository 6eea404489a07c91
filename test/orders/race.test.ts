// Concurrent buyers through the whole app: exactly the stock is sold, and every buyer gets the right answer.
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { contractFaults } from "../support/http.ts";
import { emptyRedis, readModelOf } from "../support/redis.ts";
import {
  aBuyer,
  bought,
  buyers,
  ledger,
  onSale,
  order,
  settled,
  showOrder,
  suppressLiveStock,
  tally,
  unique,
} from "../support/shop.ts";

beforeAll(emptyRedis);

const evict = (skuId: string) => evictDurableObject(env.SKU_INVENTORY.getByName(skuId));

test("sells 100 units to 500 concurrent buyers: 100 are confirmed, and 400 get sold_out", async () => {
  const skuId = await onSale({ stock: 100 });
  const crowd = await buyers(500);

  const answers = await Promise.all(crowd.map((buyer) => order(buyer, skuId)));

  expect(tally(answers)).toEqual({ 202: 100, sold_out: 400 });
  expect(answers.flatMap(contractFaults)).toEqual([]);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ stocked: 100, sold: 100, held: 0, available: 0 });
  const readable = await Promise.all(crowd.map(({ id }) => readModelOf(id)));
  const accepted = answers.flatMap(({ status, body }) => (status === 202 ? [body.id] : []));
  const confirmed = readable.flat().filter(({ status }) => status === "confirmed");
  expect(confirmed.map(({ id }) => id).sort()).toEqual(accepted.sort());
});

test("concurrent orders of several units never exceed the stock or a buyer's limit", async () => {
  const skuId = await onSale({ stock: 50, perUserLimit: 4 });
  const crowd = await buyers(20);
  const attempts = crowd.flatMap((buyer) => [1, 2, 3].map((quantity) => ({ buyer, quantity })));

  const answers = await Promise.all(
    attempts.map(({ buyer, quantity }) => order(buyer, skuId, { quantity })),
  );

  // Concurrent requests of one buyer are answered with the same order.
  const unitsGiven = (buyer?: string) => {
    const orders = answers.flatMap(({ status, body }, i) =>
      status === 202 && (buyer ?? attempts[i]?.buyer.id) === attempts[i]?.buyer.id ? [body] : [],
    );
    const quantities = new Map(orders.map(({ id, quantity }) => [id, quantity]));
    return [...quantities.values()].reduce((sum, quantity) => sum + quantity, 0);
  };
  const { held, sold, available } = await ledger(skuId);
  expect(held + sold).toBe(unitsGiven());
  expect(held + sold + available).toBe(50);
  for (const { id } of crowd) expect(unitsGiven(id)).toBeLessThanOrEqual(4);
  expect(answers.every(({ status }) => status < 500)).toBe(true);
});

describe("one account", () => {
  test("gets one order and 20 equal answers for 20 concurrent requests with one key", async () => {
    const skuId = await onSale({ stock: 100, perUserLimit: 5 });
    const buyer = await aBuyer();
    const key = unique("key");

    const answers = await Promise.all(
      Array.from({ length: 20 }, () => order(buyer, skuId, { key })),
    );

    expect(tally(answers)).toEqual({ 202: 20 });
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get("location"))).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true");
    expect(replayed).toHaveLength(19);
    await settled(skuId);
    expect(await ledger(skuId)).toMatchObject({ sold: 1 });
  });

  test("gets one order at limit 1 for 20 concurrent requests with different keys", async () => {
    const skuId = await onSale({ stock: 100 });
    const buyer = await aBuyer();

    const answers = await Promise.all(Array.from({ length: 20 }, () => order(buyer, skuId)));

    expect(tally(answers)).toEqual({ 202: 1, user_limit_reached: 19 });
    const accepted = answers.find(({ status }) => status === 202)?.body.id;
    for (const { status, body } of answers) {
      if (status !== 202) expect(body).toMatchObject({ limit: 1, orderIds: [accepted] });
    }
    await settled(skuId);
    expect(await ledger(skuId)).toMatchObject({ sold: 1 });
  });

  test("gets one order even at limit 5 for 8 concurrent requests with different keys", async () => {
    const skuId = await onSale({ stock: 100, perUserLimit: 5 });
    const buyer = await aBuyer();
    const keys = Array.from({ length: 8 }, () => unique("key"));

    const answers = await Promise.all(keys.map((key) => order(buyer, skuId, { key })));

    expect(tally(answers)).toEqual({ 202: 8 });
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const later = await Promise.all(keys.map((key) => order(buyer, skuId, { key })));
    expect(new Set(later.map(({ body }) => body.id)).size).toBe(1);
    expect(await ledger(skuId)).toMatchObject({ available: 99 });
    expect((await bought(buyer, skuId)).id).not.toBe(answers[0]?.body.id);
    await settled(skuId);
    expect(await ledger(skuId)).toMatchObject({ sold: 2 });
  });

  test("gets its order on a retry, although the SKU is sold out and the limit is reached", async () => {
    const skuId = await onSale({ stock: 1 });
    const buyer = await aBuyer();
    const key = unique("key");
    const first = await order(buyer, skuId, { key });
    await settled(skuId);

    const retries = await Promise.all([1, 2, 3].map(() => order(buyer, skuId, { key })));

    for (const retry of retries) expect(retry.body).toEqual(first.body);
    expect(tally([await order(await aBuyer(), skuId)])).toEqual({ sold_out: 1 });
  });

  test("is refused when it reuses a key for another request, and its order stays unchanged", async () => {
    const skuId = await onSale({ stock: 10, perUserLimit: 5 });
    const buyer = await aBuyer();
    const key = unique("key");
    const { id } = await bought(buyer, skuId, { key, quantity: 1 });

    expect(await order(buyer, skuId, { key, quantity: 2 })).toMatchObject({
      status: 422,
      code: "idempotency_key_reused",
    });
    expect(await order(buyer, skuId, { key, quantity: 1, paymentToken: "tok_ok" })).toMatchObject({
      status: 422,
    });
    expect((await showOrder(buyer, id)).body).toMatchObject({ id, quantity: 1 });
  });

  test("gets a new order for a key that was used by another account or for another SKU", async () => {
    const [first, second] = [await onSale(), await onSale()];
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const key = unique("key");
    const ids = [
      (await bought(ann, first, { key })).id,
      (await bought(bob, first, { key })).id,
      (await bought(ann, second, { key })).id,
    ];
    expect(new Set(ids).size).toBe(3);
  });
});

test("refuses more units than are left with what is left, and sells that", async () => {
  suppressLiveStock();
  const skuId = await onSale({ stock: 3, perUserLimit: 5 });
  const more = await order(await aBuyer(), skuId, { quantity: 4 });
  expect(more.code).toBe("sold_out");
  expect(more.body).toMatchObject({ detail: "Only 3 left", available: 3 });
  expect((await order(await aBuyer(), skuId, { quantity: 3 })).status).toBe(202);
});

test("evicting the object between any two requests changes no answer", async () => {
  suppressLiveStock();
  const skuId = await onSale({ stock: 2, perUserLimit: 2, price: 100 });
  const [ann, bob] = [await aBuyer(), await aBuyer()];
  const key = unique("key");

  const first = await order(ann, skuId, { key });
  await evict(skuId);
  expect((await order(ann, skuId, { key })).body).toEqual(first.body);
  await evict(skuId);
  expect(tally([await order(bob, skuId, { quantity: 2 })])).toEqual({ sold_out: 1 });
  await evict(skuId);
  await bought(bob, skuId);
  await evict(skuId);
  expect(await ledger(skuId)).toMatchObject({ held: 2, available: 0 });
  await evict(skuId);
  expect((await showOrder(ann, first.body.id)).body).toMatchObject({ status: "reserved" });
});

test("only its buyer can read an order", async () => {
  const skuId = await onSale({ price: 100 });
  const [owner, otherUser] = [await aBuyer(), await aBuyer()];
  const { id } = await bought(owner, skuId);

  expect(await showOrder(otherUser, id)).toMatchObject({ status: 404, code: "not_found" });
  expect(await readModelOf(otherUser.id)).toEqual([]);
  expect((await showOrder(owner, id)).body).toMatchObject({ status: "reserved" });
});
