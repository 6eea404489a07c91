// Server-rendered stock: sold-out badges in the list of sales, from cached stock.
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
