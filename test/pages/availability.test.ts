// Server-rendered stock: what the list and the sale page show without JavaScript, from cached stock.
import { expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { redisCost, redisIsDown } from "../support/redis.ts";
import { aSale, aSku, givenLiveStock, putSale, suppressLiveStock } from "../support/shop.ts";

const badgeOf = async (saleId: string) => {
  const { body } = await call<string>("GET", "/");
  return new RegExp(`data-listed="${saleId}".*?data-badge="(\\w+)"`, "s").exec(body)?.[1];
};

test.each([
  ["one item left", [{ available: 0 }, { available: 1 }], "open"],
  ["every item sold", [{ available: 0 }, { available: 0 }], "sold_out"],
  ["its last unit reserved", [{ available: 0 }, { available: 0, held: 1 }], "held"],
])("lists an open sale with %s under the right badge", async (_, stocks, shown) => {
  suppressLiveStock();
  const skus = [aSku({ price: 100 }), aSku({ price: 100 })];
  const { id } = await putSale(aSale({ skus }));
  for (const [i, stock] of stocks.entries()) await givenLiveStock(skus[i]?.id as string, stock);
  expect(await badgeOf(id)).toBe(shown);
});

test("serves a cached list without a Redis command and follows the stock within two seconds", async () => {
  suppressLiveStock();
  const sku = aSku();
  const { id } = await putSale(aSale({ skus: [sku] }));
  await givenLiveStock(sku.id, { available: 1 });
  const clock = givenClock(Date.now());
  expect(await badgeOf(id)).toBe("open");
  expect((await redisCost(() => badgeOf(id))).commands).toBe(0);
  await givenLiveStock(sku.id, { available: 0 });
  clock.moveTo(Date.now() + 2_001);
  expect(await badgeOf(id)).toBe("sold_out");
});

test("serves the list without stock badges while Redis is down", async () => {
  suppressLiveStock();
  const { id } = await putSale(aSale({ skus: [aSku({ stock: 0 })] }));
  await call("GET", "/api/sales");
  await redisIsDown();
  expect(await badgeOf(id)).toBe("open");
});

/** What a sale page shows of its badge and of each SKU: label, whether Buy is disabled, and the stock text. */
async function salePage(saleId: string) {
  const { body } = await call<string>("GET", `/sales/${saleId}`);
  const badge = /data-badge="(\w+)"/.exec(body)?.[1];
  const items = body.split("data-sku=").slice(1);
  const skus = items.map((html) => {
    const [, attributes = "", label] = /<button class="action"([^>]*)>([^<]*)</.exec(html) ?? [];
    return [label, / disabled/.test(attributes), /data-left="\w*">([^<]*)</.exec(html)?.[1]];
  });
  return { badge, skus };
}

test("marks the sold-out item on the sale page and leaves the others for sale", async () => {
  suppressLiveStock();
  const skus = [aSku({ price: 100 }), aSku({ price: 100 })];
  const { id } = await putSale(aSale({ skus }));
  await givenLiveStock(skus[0]?.id as string, { available: 0 });
  await givenLiveStock(skus[1]?.id as string, { available: 1 });
  expect(await salePage(id)).toEqual({
    badge: "open",
    skus: [
      ["Sold out", true, "None left"],
      ["Buy now", false, ""],
    ],
  });
});

test("offers a fully reserved item on the sale page, because units may come back", async () => {
  suppressLiveStock();
  const sku = aSku({ price: 100 });
  const { id } = await putSale(aSale({ skus: [sku] }));
  await givenLiveStock(sku.id, { available: 0, held: 1 });
  expect(await salePage(id)).toEqual({
    badge: "held",
    skus: [["Try to get one", false, "All reserved; some may become available"]],
  });
});

test("serves a cached sale page without a Redis command and follows the stock within two seconds", async () => {
  suppressLiveStock();
  const sku = aSku();
  const { id } = await putSale(aSale({ skus: [sku] }));
  await givenLiveStock(sku.id, { available: 0 });
  const clock = givenClock(Date.now());
  expect((await salePage(id)).badge).toBe("sold_out");
  expect((await redisCost(() => salePage(id))).commands).toBe(0);
  await givenLiveStock(sku.id, { available: 1 });
  clock.moveTo(Date.now() + 2_001);
  expect(await salePage(id)).toEqual({ badge: "open", skus: [["Buy now", false, ""]] });
});

test("reads no stock for the page of an upcoming sale", async () => {
  suppressLiveStock();
  const opensAt = new Date(Date.now() + 3_600_000).toISOString();
  const closesAt = new Date(Date.now() + 7_200_000).toISOString();
  const { id } = await putSale(aSale({ skus: [aSku({ stock: 0 })], opensAt, closesAt }));
  givenClock(Date.now());
  await call("GET", "/api/sales");
  const { commands } = await redisCost(async () => {
    expect(await salePage(id)).toEqual({ badge: "upcoming", skus: [["Not open yet", true, ""]] });
  });
  expect(commands).toBe(0);
});

test("serves the sale page without stock while Redis is down", async () => {
  suppressLiveStock();
  const { id } = await putSale(aSale({ skus: [aSku({ stock: 0 })] }));
  await call("GET", "/api/sales");
  await redisIsDown();
  expect(await salePage(id)).toEqual({ badge: "open", skus: [["Buy now", false, ""]] });
});
