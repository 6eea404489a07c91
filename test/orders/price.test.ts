// The price a buyer saw is the price they pay: another one is told before anything is ordered.
import { beforeAll, describe, expect, test } from "vitest";
import { anOffer } from "../inventory/commands.ts";
import { inventory } from "../inventory/object.ts";
import { type Answer, call, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, type Buyer, ledger, onSale, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

const usd = (amount: number) => ({ amount, currency: "USD" });

const post = (
  { token }: Buyer,
  skuId: string,
  unitPrice?: unknown,
  key = unique("key"),
): Promise<Answer> =>
  call("POST", `/api/skus/${skuId}/orders`, {
    token,
    headers: { "idempotency-key": key },
    body: { quantity: 1, ...(unitPrice === undefined ? {} : { unitPrice }) },
  });

/** Given a SKU that the catalog knows at 10.00, and whose object was told 99.00: a change that died half-way. */
async function givenHalfChange(): Promise<string> {
  captureQueue();
  const skuId = await onSale({ price: 1_000, stock: 3 });
  const { terms } = anOffer(3, 9_900);
  const offer = { stock: 3, terms: { ...terms, skuId, opensAt: 0, perUserLimit: 1 } };
  await inventory(skuId).configure({ skuId, revision: Date.now() + 1_000, offer });
  return skuId;
}

test("an attempt at the price of today is taken, one at another is told the price of today", async () => {
  const skuId = await givenHalfChange();
  const refused = await post(await aBuyer(), skuId, usd(1_000));
  expect(refused).toMatchObject({ status: 409, code: "price_changed" });
  expect(refused.body.unitPrice).toEqual(usd(9_900));
  expect(contractFaults(refused)).toEqual([]);
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });

  const taken = await post(await aBuyer(), skuId, usd(9_900));
  expect([taken.status, taken.body.unitPrice]).toEqual([202, usd(9_900)]);
});

test.each([
  ["a higher price", usd(10_000)],
  ["a lower price", usd(9_899)],
  ["nothing at all", usd(0)],
  ["another currency", { amount: 9_900, currency: "EUR" }],
])("a buyer who saw %s is told, too", async (_, seen) => {
  expect((await post(await aBuyer(), await givenHalfChange(), seen)).code).toBe("price_changed");
});

test("a buyer who saw a price for a free item is told", async () => {
  const answer = await post(await aBuyer(), await onSale(), usd(500));
  expect([answer.code, answer.body.unitPrice]).toEqual(["price_changed", usd(0)]);
});

test("a buyer who names no price takes the one of today", async () => {
  const answer = await post(await aBuyer(), await givenHalfChange());
  expect([answer.status, answer.body.unitPrice]).toEqual([202, usd(9_900)]);
});

describe("the price is no reason", () => {
  test("for a buyer who asks about an order they have", async () => {
    const skuId = await givenHalfChange();
    const [buyer, key] = [await aBuyer(), unique("key")];
    const first = await post(buyer, skuId, usd(9_900), key);
    expect((await post(buyer, skuId, usd(1_000), key)).body).toEqual(first.body);
    expect((await post(buyer, skuId, usd(1_000))).code).toBe("user_limit_reached");
  });

  test("where nothing is left", async () => {
    const skuId = await onSale({ stock: 0, price: 1_000 });
    expect((await post(await aBuyer(), skuId, usd(1))).code).toBe("sold_out");
  });
});

test.each([
  ["a number", 1_000],
  ["no currency", { amount: 1_000 }],
  ["a fraction", { amount: 9.5, currency: "USD" }],
  ["a negative amount", usd(-1)],
  ["a currency in small letters", { amount: 1_000, currency: "usd" }],
  ["more than money", { ...usd(1_000), vat: 1 }],
  ["null", null],
])("%s is no price", async (_, seen) => {
  const answer = await post(await aBuyer(), await onSale({ price: 1_000 }), seen);
  expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
});
