// The receipt: an order's page is complete by what the server sends, and the list of orders shows what is held now.
import { beforeAll, expect, test } from "vitest";
import { call, ORIGIN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, type Buyer, bought, putSale, settled } from "../support/shop.ts";

beforeAll(emptyRedis);

/** A page as any device of a buyer gets it. */
const show = async (path: string, { token }: Buyer) =>
  (await call<string>("GET", path, { headers: { cookie: `session=${token}` } })).body;

const SELLER = "Shoes & Co";
const IMAGE = "https://cdn.test/runner.jpg";

async function givenSku(sku: Parameters<typeof aSku>[0]) {
  const item = aSku({ perUserLimit: 5, ...sku });
  await putSale(
    aSale({ title: "Spring drop", imageUrl: IMAGE, theme: { seller: SELLER }, skus: [item] }),
  );
  return item.id;
}

test("an order's page has the item, the seller, the number, the total, the status and its own address", async () => {
  const buyer = await aBuyer();
  const skuId = await givenSku({ name: "Runner 42", price: 12_345, stock: 5 });
  const order = await bought(buyer, skuId, { quantity: 3 });
  expect(order.total).toEqual({ amount: 37_035, currency: "USD" });
  const html = await show(`/orders/${order.id}`, buyer);
  for (const part of [
    `src="${IMAGE}"`,
    "Runner 42",
    "Shoes &amp; Co",
    "Spring drop",
    order.number,
    "$370.35",
  ]) {
    expect(html).toContain(part);
  }
  expect(html).toContain(`<p class="address">${ORIGIN}/orders/${order.id}</p>`);
  expect(html).toContain('data-status="reserved"');
  expect(html).toContain("What happens next");
});

test("the list shows what is held now first, with the rest of its hold and a way to pay", async () => {
  const buyer = await aBuyer();
  const held = await bought(buyer, await givenSku({ name: "Held", price: 900, holdSeconds: 300 }));
  const freeSku = await givenSku({ name: "Free", price: 0 });
  await bought(buyer, freeSku);
  await settled(freeSku);
  const html = await show("/orders", buyer);
  expect(html.indexOf("Held for you now")).toBeGreaterThan(0);
  expect(html.indexOf(">Held<")).toBeLessThan(html.indexOf(">Free<"));
  expect(html).toMatch(/<time class="left"[^>]*>(?:5:00|4:\d\d)<\/time>/);
  expect(html).toContain(`<a class="action" href="/orders/${held.id}">Pay `);
  expect(html).toContain(held.number);
  expect(html).toContain('http-equiv="refresh"'); // without JavaScript
});

test("a list without holds does not reload itself, and loads no script for them", async () => {
  const html = await show("/orders", await aBuyer());
  expect(html).not.toContain("refresh");
  expect(html).not.toMatch(/holds-|Held for you/);
});
