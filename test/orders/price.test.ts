// The buyer pays the price they saw. If it has changed, the attempt is refused and shows the current price.
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

/** A SKU whose price is 10.00 in the catalog and 99.00 in its object, as after a change that failed halfway. */
async function givenPartialChange(): Promise<string> {
  captureQueue();
  const skuId = await onSale({ price: 1_000, stock: 3 });
  const { terms } = anOffer(3, 9_900);
  const offer = { stock: 3, terms: { ...terms, skuId, opensAt: 0, perUserLimit: 1 } };
  await inventory(skuId).configure({ skuId, revision: Date.now() + 1_000, offer });
  return skuId;
}

test("accepts the object's current price, and refuses any other with the current one", async () => {
  const skuId = await givenPartialChange();
  const refused = await post(await aBuyer(), skuId, usd(1_000));
  expect(refused).toMatchObject({ status: 409, code: "price_changed" });
  expect(refused.body.unitPrice).toEqual(usd(9_900));
  expect(contractFaults(refused)).toEqual([]);
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });

  const accepted = await post(await aBuyer(), skuId, usd(9_900));
  expect([accepted.status, accepted.body.unitPrice]).toEqual([202, usd(9_900)]);
});

test.each([
  ["a higher price", usd(10_000)],
  ["a lower price", usd(9_899)],
  ["a price of zero", usd(0)],
  ["another currency", { amount: 9_900, currency: "EUR" }],
])("refuses a buyer who saw %s", async (_, seen) => {
  expect((await post(await aBuyer(), await givenPartialChange(), seen)).code).toBe("price_changed");
});

test("refuses a buyer who saw a price for a free item", async () => {
  const answer = await post(await aBuyer(), await onSale(), usd(500));
  expect([answer.code, answer.body.unitPrice]).toEqual(["price_changed", usd(0)]);
});

test("charges the current price if the request names none", async () => {
  const answer = await post(await aBuyer(), await givenPartialChange());
  expect([answer.status, answer.body.unitPrice]).toEqual([202, usd(9_900)]);
});

describe("a changed price does not matter", () => {
  test("to a retry, or to a buyer at the limit", async () => {
    const skuId = await givenPartialChange();
    const [buyer, key] = [await aBuyer(), unique("key")];
    const first = await post(buyer, skuId, usd(9_900), key);
    expect((await post(buyer, skuId, usd(1_000), key)).body).toEqual(first.body);
    expect((await post(buyer, skuId, usd(1_000))).code).toBe("user_limit_reached");
  });

  test("if the SKU is sold out", async () => {
    const skuId = await onSale({ stock: 0, price: 1_000 });
    expect((await post(await aBuyer(), skuId, usd(1))).code).toBe("sold_out");
  });
});

test.each([
  ["a number", 1_000],
  ["no currency", { amount: 1_000 }],
  ["a fraction", { amount: 9.5, currency: "USD" }],
  ["a negative amount", usd(-1)],
  ["a lowercase currency", { amount: 1_000, currency: "usd" }],
  ["an extra field", { ...usd(1_000), vat: 1 }],
  ["null", null],
])("rejects an invalid price: %s", async (_, seen) => {
  const answer = await post(await aBuyer(), await onSale({ price: 1_000 }), seen);
  expect([answer.status, answer.code]).toEqual([400, "invalid_request"]);
});
