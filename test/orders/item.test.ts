// The item of an order: its name, image, sale and seller, copied when the order is made, whatever changes later.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { configureObjects } from "../../src/catalog/propagation.ts";
import { registryOf } from "../../src/catalog/store.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Order } from "../../src/inventory/order.ts";
import { toEvent } from "../../src/inventory/order-event.ts";
import { readEvent } from "../../src/orders/webhooks.ts";
import { admin, call, request, send } from "../support/http.ts";
import { emptyRedis, KEYS, readModelOf, redis } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  bought,
  order,
  putSale,
  settled,
  showOrder,
  unique,
} from "../support/shop.ts";

beforeEach(emptyRedis);

const SELLER = { seller: "Harbor Roasters", logoUrl: "https://brand.test/logo.svg" };
const ITEM = {
  name: "Runner, low",
  imageUrl: "https://brand.test/shoe.jpg",
  saleTitle: "Spring drop",
  seller: "Harbor Roasters",
};

/** Makes a confirmed order of two units. */
async function givenReceipt({ price = 0 } = {}) {
  const sku = aSku({ id: unique("sku-0815-x"), name: ITEM.name, price, perUserLimit: 2 });
  const branding = { title: ITEM.saleTitle, imageUrl: ITEM.imageUrl, theme: SELLER };
  const sale = await putSale(aSale({ skus: [sku], ...branding }));
  const [buyer, key] = [await aBuyer(), unique("key")];
  const paymentToken = price ? { paymentToken: "tok_ok" } : {};
  const made = await bought(buyer, sku.id, { quantity: 2, key, ...paymentToken });
  await settled(sku.id);
  return { sale, sku, buyer, key, made, paymentToken };
}

/** The text of a page, without its markup. */
async function page(path: string, { token }: Buyer): Promise<string> {
  const headers = { cookie: `session=${token}` };
  const { body } = await send<string>(request("GET", path, { headers }));
  return body.replace(/<[^>]*>/g, "");
}

async function listed(buyer: Buyer): Promise<Order[]> {
  return (await call<{ orders: Order[] }>("GET", "/api/orders", { token: buyer.token })).body
    .orders;
}

test("an order has its total and item wherever it is shown", async () => {
  const { buyer, made } = await givenReceipt({ price: 4_500 });
  const fields = { total: { amount: 9_000, currency: "USD" }, item: ITEM };

  expect(made).toMatchObject(fields);
  expect((await showOrder(buyer, made.id)).body).toMatchObject({ status: "confirmed", ...fields });
  expect(await listed(buyer)).toMatchObject([fields]);
  const [stored] = await readModelOf(buyer.id);
  expect(stored).toMatchObject(fields);
  expect(toEvent(buyer.id, stored as Order, [])?.order).toMatchObject(fields);
});

describe("an order keeps its item", () => {
  test("when its SKU, its sale and its seller are renamed", async () => {
    const { sale, sku, buyer, key, made, paymentToken } = await givenReceipt({ price: 4_500 });
    await putSale({
      ...sale,
      title: "Clearance",
      imageUrl: "https://brand.test/other.jpg",
      theme: { ...SELLER, seller: "Somebody Else", logoUrl: "https://else.test/logo.svg" },
      skus: [{ ...sku, name: "Walker" }],
    });

    expect((await showOrder(buyer, made.id)).body.item).toEqual(ITEM);
    const again = await order(buyer, sku.id, { quantity: 2, key, ...paymentToken });
    expect(again.body).toEqual(made);
    const receipt = await page(`/orders/${made.id}`, buyer);
    expect(receipt).toContain("Runner, low");
    expect(receipt).toContain("Sold by Harbor Roasters");
    expect(receipt).toContain("From Spring drop");
    expect(receipt).not.toMatch(/Walker|Clearance|Somebody Else|else\.test/);
    expect(await page("/orders", buyer)).toContain("Runner, low");
    // A new order gets the new names.
    const later = await bought(await aBuyer(), sku.id, { paymentToken: "tok_ok" });
    expect(later.item).toMatchObject({ name: "Walker", seller: "Somebody Else" });
  });

  test("when the deployment's seller changes, which later orders name", async () => {
    const sku = aSku();
    const sale = await putSale(aSale({ skus: [sku], theme: { accent: "#112233" } }));
    const registered = await registryOf(env).find({ sale: sale.id });
    if (!registered) throw new Error("no sale");
    const result = readConfig(env);
    if (!result.ok) throw new Error("no configuration");
    /** What the reconciliation does after a deployment with another `THEME`. */
    const deployed = (seller: string) =>
      configureObjects(env, { ...result.config, THEME: { seller } }, registered);

    await deployed("Harbor Roasters");
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const first = await bought(ann, sku.id);
    expect(first.item).toMatchObject({ seller: "Harbor Roasters" });
    await deployed("Somebody Else");
    expect((await bought(bob, sku.id)).item).toMatchObject({ seller: "Somebody Else" });
    expect((await showOrder(ann, first.id)).body.item).toEqual(first.item);
    expect(await page(`/orders/${first.id}`, ann)).toContain("Sold by Harbor Roasters");
  });

  test("when its sale is deleted", async () => {
    const { sale, buyer, made } = await givenReceipt();
    expect((await admin("DELETE", `/sales/${sale.id}`)).status).toBe(204);

    expect((await showOrder(buyer, made.id)).body.item).toEqual(ITEM);
    const receipt = await page(`/orders/${made.id}`, buyer);
    expect(receipt).toContain("Runner, low");
    expect(receipt).toContain("From Spring drop");
    expect(receipt).toContain("Sold by Harbor Roasters");
    expect(receipt.replaceAll(made.id, "")).not.toContain(made.skuId);
    expect(receipt).not.toContain("Doorbuster");
    expect(await page("/orders", buyer)).toContain("Runner, low");
  });

  test("when its SKU leaves the sale before it is paid", async () => {
    const [sku, other] = [aSku({ name: "Runner, low", price: 900 }), aSku()];
    const sale = await putSale(aSale({ skus: [sku, other] }));
    const buyer = await aBuyer();
    const { id } = await bought(buyer, sku.id);
    await settled(sku.id);
    await putSale({ ...sale, skus: [other] });

    expect(await page(`/orders/${id}`, buyer)).toContain("Runner, low");
    expect((await showOrder(buyer, id)).body.item).toEqual({
      name: "Runner, low",
      saleTitle: "A sale",
    });
  });
});

describe("an order that an older release stored without an item", () => {
  /** Makes such an order. `gone`: its sale has left the catalog. */
  async function givenOld({ gone = false } = {}) {
    const { sale, buyer, made } = await givenReceipt({ price: 300 });
    if (gone) await admin("DELETE", `/sales/${sale.id}`);
    const { item: _, total: __, ...old } = (await readModelOf(buyer.id))[0] as Order;
    const text = await redis<string>("HGET", KEYS.ordersOf(buyer.id), made.id);
    const head = text.slice(0, text.indexOf("{"));
    await redis("HSET", KEYS.ordersOf(buyer.id), made.id, head + JSON.stringify(old));
    return { buyer, made };
  }

  test("gets its item from the catalog", async () => {
    const { buyer, made } = await givenOld();
    expect((await showOrder(buyer, made.id)).body).toMatchObject({
      total: { amount: 600, currency: "USD" },
      item: ITEM,
    });
  });

  test("shows its ids once the catalog no longer has the SKU", async () => {
    const { buyer, made } = await givenOld({ gone: true });
    expect((await showOrder(buyer, made.id)).body).toMatchObject({
      total: { amount: 600, currency: "USD" },
      item: { name: made.skuId, saleTitle: made.saleId },
    });
    expect(await page(`/orders/${made.id}`, buyer)).toContain(made.skuId);
  });

  test("is delivered to the shop even if its event has no item", async () => {
    const { made } = await givenReceipt();
    const { item: _, total: __, ...old } = made;
    const event = { id: `${made.id}.2`, type: "order.confirmed", userId: "ann", order: old };
    expect(readEvent(event)?.order.item).toEqual({ name: made.skuId, saleTitle: made.saleId });
    expect(readEvent({ ...event, order: made })?.order.item).toEqual(ITEM);
  });
});
