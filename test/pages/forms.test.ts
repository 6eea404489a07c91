// Buying and paying with plain HTML forms: the same funnel and answers as the API, no JavaScript.
import { expect, test } from "vitest";
import { admin } from "../support/http.ts";
import { captureQueue, deliver, takeMessages } from "../support/queue.ts";
import { aSale, ledger, putSale, settled, until } from "../support/shop.ts";
import { givenItem, keyIn, visit } from "./form-client.ts";

test("issues a fresh idempotency key with every order form and forbids caching it", async () => {
  const { buyer, path } = await givenItem();
  const [one, two] = [await visit(path, { buyer }), await visit(path, { buyer })];
  expect(keyIn(one.html)).toMatch(/^[\w-]{20,64}$/);
  expect(keyIn(one.html)).not.toBe(keyIn(two.html));
  expect(one.headers.get("cache-control")).toBe("private, no-store");
});

test("places one order when the form is submitted twice", async () => {
  const { buyer, skuId, path } = await givenItem();
  const fields = { quantity: "1", key: keyIn((await visit(path, { buyer })).html) };
  const [one, two] = [await visit(path, { buyer, fields }), await visit(path, { buyer, fields })];
  expect(one.status).toBe(303);
  expect(two.location).toBe(one.location);
  await settled(skuId);
  const page = await visit(one.location, { buyer });
  expect(page.html).toContain("Order confirmed");
  expect((await ledger(skuId)).sold).toBe(1);
  expect((await visit("/orders", { buyer })).html).toContain(one.location);
});

test.each([
  ["was deleted", (saleId: string) => admin("DELETE", `/sales/${saleId}`)],
  ["dropped the item", (saleId: string) => putSale(aSale({ id: saleId }))],
])(
  "finds the order of a resubmitted form after the sale %s, and takes no new order",
  async (_, change) => {
    const { buyer, skuId, path } = await givenItem();
    const fields = { quantity: "1", key: "k1" };
    const { location } = await visit(path, { buyer, fields });
    await settled(skuId);
    await change(path.split("/")[2] ?? "");
    const again = await visit(path, { buyer, fields });
    expect([again.status, again.location]).toEqual([303, location]);
    expect((await visit(path, { buyer, fields: { ...fields, key: "k2" } })).status).toBe(404);
    expect(await ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  },
);

test("pays one reserved order and cancels another by form", async () => {
  const { buyer, skuId, path } = await givenItem({ price: 900, perUserLimit: 2 });
  const place = () => visit(path, { buyer, fields: { quantity: "1", key: crypto.randomUUID() } });
  const [first, second] = [(await place()).location, (await place()).location];
  expect((await visit(first, { buyer })).html).toContain("tok_ok");
  const paid = await visit(`${first}/payment`, { buyer, fields: { paymentToken: "tok_ok" } });
  expect([paid.status, paid.location]).toEqual([303, first]);
  const confirmation = await visit(`${second}/cancel`, { buyer });
  expect(confirmation.html).toContain("Yes, cancel reservation");
  const canceled = await visit(`${second}/cancel`, { buyer, fields: {} });
  expect([canceled.status, canceled.location]).toEqual([303, second]);
  expect((await visit(second, { buyer })).html).toContain("You canceled this order");
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  const again = await visit(`${second}/payment`, { buyer, fields: { paymentToken: "tok_ok" } });
  expect(again.status).toBe(409);
});

test("says on the order form that an item is sold out, before anyone presses Buy", async () => {
  const { buyer, path } = await givenItem({ stock: 0 });
  const form = async () => (await visit(path, { buyer })).html;
  await until("the stock is known", async () => (await form()).includes("Sold out"));
  expect(await form()).not.toContain("Buy now");
});

test.each([
  ["a sold-out item", { stock: 0 }, {}, 409, "Sold out"],
  [
    "an upcoming sale",
    {},
    { opensAt: "2100-01-01T00:00:00Z", closesAt: "2100-01-02T00:00:00Z" },
    403,
    "Not open yet",
  ],
  [
    "a closed sale",
    {},
    { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" },
    410,
    "Sale ended",
  ],
])(
  "explains the refusal for %s, with the API's status code",
  async (_, sku, sale, status, words) => {
    const { buyer, path } = await givenItem(sku, sale);
    const answer = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(words);
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
  },
);

test.each([
  [
    "an upcoming",
    { opensAt: "2100-01-01T00:00:00Z", closesAt: "2100-01-02T00:00:00Z" },
    "It opens",
  ],
  ["a closed", { opensAt: "2020-01-01T00:00:00Z", closesAt: "2020-01-02T00:00:00Z" }, "has ended"],
])("offers no Confirm button on the order form of %s sale", async (_, sale, words) => {
  const { buyer, path } = await givenItem({}, sale);
  const { html } = await visit(path, { buyer });
  expect(html).toContain(words);
  expect(html).not.toContain("Confirm order");
});

test("orders nothing at an outdated price, then sells at the current price", async () => {
  const { buyer, skuId, path } = await givenItem({ price: 5_500 });
  const fields = { quantity: "1", key: "k1", unitPrice: "4500 USD" };
  const refused = await visit(path, { buyer, fields });
  expect(refused.status).toBe(409);
  expect(refused.html).toContain("The price is now $55.00");
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
  const [unitPrice] = /(?<=name="unitPrice" value=")[^"]+/.exec(refused.html) ?? [""];
  expect(unitPrice).toBe("5500 USD");
  const key = keyIn(refused.html);
  const bought = await visit(path, { buyer, fields: { ...fields, key, unitPrice } });
  expect(bought.status).toBe(303);
  expect(await ledger(skuId)).toMatchObject({ held: 1 });
});

test.each(["", "free", "-1 USD", "1.5 USD", "9999999999999 USD", "1 usd"])(
  "rejects the malformed price %j with 400",
  async (unitPrice) => {
    const { buyer, path } = await givenItem();
    const { status } = await visit(path, {
      buyer,
      fields: { quantity: "1", key: "k1", unitPrice },
    });
    expect(status).toBe(400);
  },
);

test("names the duty to pay on the button of an order with a price", async () => {
  const buttonOf = async (price: number) => {
    const { buyer, path } = await givenItem({ price });
    const { html } = await visit(`${path}?lang=de`, { buyer });
    return />([^<]+)<\/button>/.exec(html.slice(html.indexOf('name="key"')))?.[1];
  };
  expect([await buttonOf(900), await buttonOf(0)]).toEqual([
    "Jetzt kaufen",
    "Bestellung bestätigen",
  ]);
});

test("requires payment with the order after two unpaid reservations", async () => {
  const { buyer, skuId, path } = await givenItem({ price: 900 });
  for (const key of ["k1", "k2"]) {
    const { location } = await visit(path, { buyer, fields: { quantity: "1", key } });
    await visit(`${location}/cancel`, { buyer, fields: {} });
  }
  const refused = await visit(path, { buyer, fields: { quantity: "1", key: "k3" } });
  expect(refused.status).toBe(409);
  expect(refused.html).toContain("choose how to pay before you order");
  expect(refused.html).toMatch(/<form class="stack" method="post".*name="paymentToken".*Buy now/s);
  const fields = { quantity: "1", key: keyIn(refused.html), paymentToken: "tok_ok" };
  expect((await visit(path, { buyer, fields })).status).toBe(303);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ sold: 1 });
});

test("answers 404 and orders nothing for an item under another sale's URL", async () => {
  const { buyer, skuId } = await givenItem();
  const other = await givenItem();
  const wrong = other.path.replace(other.skuId, skuId);
  expect((await visit(wrong, { buyer })).status).toBe(404);
  const sent = await visit(wrong, { buyer, fields: { quantity: "1", key: "k1" } });
  expect(sent.status).toBe(404);
  expect(await ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
});

test("links a buyer at the purchase limit to the existing order", async () => {
  const { buyer, path } = await givenItem();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const again = await visit(path, { buyer, fields: { quantity: "1", key: "k2" } });
  expect(again.status).toBe(409);
  expect(again.html).toContain(`href="${location}"`);
});

test("refreshes an order page without JavaScript only while the order is being processed", async () => {
  const queue = captureQueue();
  const { buyer, skuId, path } = await givenItem();
  const { location } = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const refresh = '<noscript><meta http-equiv="refresh"';
  expect((await visit(location, { buyer })).html).toContain(refresh);
  await deliver(await takeMessages(queue, skuId, 1));
  expect((await visit(location, { buyer })).html).not.toContain(refresh);
});

test("lists unpaid orders first, with their payment deadline", async () => {
  const { buyer, path } = await givenItem({ price: 900 });
  const first = await visit(path, { buyer, fields: { quantity: "1", key: "k1" } });
  const free = await givenItem();
  const second = await visit(free.path, { buyer, fields: { quantity: "1", key: "k1" } });
  const { html } = await visit("/orders", { buyer });
  expect(html).toContain("Pay by <time");
  expect(html.indexOf(first.location)).toBeLessThan(html.indexOf(second.location));
});
