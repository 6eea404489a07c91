// The live stock: objects publish it in order, and publish it again after Redis lost it.
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { LiveAnswer } from "../../src/catalog/live.ts";
import worker from "../../src/index.ts";
import { SkuField } from "../../src/inventory/sku-field.ts";
import { inventory } from "../inventory/object.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  buyers,
  givenLiveStock,
  liveStock,
  order,
  putSale,
  stockPublished,
  suppressLiveStock,
  until,
} from "../support/shop.ts";

beforeAll(pauseQueue);
beforeEach(emptyRedis);

const live = async (saleId: string) =>
  (await call<LiveAnswer>("GET", `/api/sales/${saleId}/live`)).body;

async function given(stock: number) {
  const sku = aSku({ stock });
  const sale = await putSale(aSale({ skus: [sku] }));
  return { sale, skuId: sku.id };
}

test("returns the free units, the time of the reading, and the revision of the sale", async () => {
  const { sale, skuId } = await given(100);
  const { asOf, revision, ...answer } = await live(sale.id);
  expect(answer).toEqual({
    state: "open",
    opensAt: sale.opensAt,
    closesAt: sale.closesAt,
    skus: [
      {
        id: skuId,
        available: 100,
        held: 0,
        state: "available",
        unitPrice: { amount: 0, currency: "USD" },
      },
    ],
  });
  expect(Date.parse(asOf)).toBeLessThanOrEqual(Date.now());
  await putSale({ ...sale, title: "Another" });
  expect((await live(sale.id)).revision).toBeGreaterThan(revision);
});

test.each([
  [100, 89, "available"],
  [100, 90, "low"],
  [20, 14, "available"],
  [20, 15, "low"],
  [3, 2, "low"],
  [1, 1, "sold_out"],
])("%d units with %d sold are %s", async (stock, sold, state) => {
  suppressLiveStock();
  const { sale, skuId } = await given(stock);
  const available = stock - sold;
  await givenLiveStock(skuId, { available });
  expect((await live(sale.id)).skus).toMatchObject([{ id: skuId, available, state }]);
});

/** A SKU whose last unit is reserved. */
async function lastReserved(price: number) {
  const sku = aSku({ stock: 1, price });
  const sale = await putSale(aSale({ skus: [sku] }));
  const owner = await aBuyer();
  const { id } = await bought(owner, sku.id, price > 0 ? { paymentToken: "tok_ok" } : {});
  await stockPublished(sku.id, 0);
  return { sale, skuId: sku.id, owner, id };
}

test("reports an unpaid reserved unit as held, in the live stock and in the refusal", async () => {
  const { sale, skuId, owner, id } = await lastReserved(1200);
  const clock = givenClock(Date.now() + 10_000);
  const unitPrice = { amount: 1200, currency: "USD" };
  expect((await live(sale.id)).skus).toEqual([
    { id: skuId, available: 0, held: 1, state: "held", unitPrice },
  ]);
  const refusals = await Promise.all((await buyers(3)).map((late) => order(late, skuId)));
  for (const { body } of refusals)
    expect(body).toMatchObject({ code: "sold_out", available: 0, held: 1 });

  const money = { outcome: "charged", chargeId: "ch_1" } as const;
  await inventory(skuId).recordPayments([{ userId: owner.id, orderId: id, money, attempt: 1 }]);
  await until("the sale is published", async () => (await liveStock(skuId))?.held === 0);
  clock.moveTo(Date.now() + 10_000);
  expect((await live(sale.id)).skus).toMatchObject([{ available: 0, held: 0, state: "sold_out" }]);
  expect((await order(await aBuyer(), skuId)).body).toMatchObject({ code: "sold_out", held: 0 });
});

test("reports a free reserved unit as sold out, because it will be confirmed", async () => {
  const { sale, skuId } = await lastReserved(0);
  givenClock(Date.now() + 10_000);
  expect((await live(sale.id)).skus).toMatchObject([{ available: 0, held: 1, state: "sold_out" }]);
  expect((await order(await aBuyer(), skuId)).body).toMatchObject({ code: "sold_out", held: 0 });
});

test("reads the stock that an earlier release published", async () => {
  suppressLiveStock();
  const { sale, skuId } = await given(1);
  await redis("HSET", KEYS.live, skuId, JSON.stringify({ available: 0 }));
  expect((await live(sale.id)).skus).toMatchObject([{ available: 0, held: 0, state: "sold_out" }]);
});

test("reads a sold-out stock from the object once after Redis was emptied", async () => {
  const { sale, skuId } = await given(1);
  await bought(await aBuyer(), skuId);
  await stockPublished(skuId, 0);
  const clock = givenClock(Date.now() + 10_000);
  await redis("DEL", KEYS.live);

  const crowd = await Promise.all(Array.from({ length: 50 }, () => live(sale.id)));

  for (const { skus } of crowd) expect(skus).toMatchObject([{ available: 0, state: "sold_out" }]);
  await stockPublished(skuId, 0);
  clock.moveTo(Date.now() + 10_000);
  const { commands } = await redisCost(() => live(sale.id));
  expect(commands).toBe(1); // the catalog and the stock together
});

test("the scheduled run corrects a wrong stock in Redis", async () => {
  const { skuId } = await given(7);
  await stockPublished(skuId, 7);
  await givenLiveStock(skuId, { available: 0 });
  await worker.scheduled(createScheduledController(), env);
  await stockPublished(skuId, 7);
});

test("omits a SKU whose object fails and returns the others", async () => {
  suppressLiveStock();
  const [known, silent] = [aSku(), aSku()];
  const sale = await putSale(aSale({ skus: [known, silent] }));
  const find = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY, "getByName").mockImplementation((name, options) => {
    if (name !== silent.id) return find(name, options);
    const publicStock = () => Promise.reject(new Error("silent"));
    return { publicStock } as unknown as ReturnType<typeof find>;
  });
  onTestFinished(() => spy.mockRestore());
  expect((await live(sale.id)).skus).toMatchObject([{ id: known.id, available: 10 }]);
});

test("publishes one stock at a time, so that an older one never arrives last", async () => {
  const written: string[] = [];
  const first = Promise.withResolvers<Response>();
  const real = globalThis.fetch;
  const send = vi.spyOn(globalThis, "fetch").mockImplementation(async (to, init) => {
    const text = String(init?.body);
    if (!text.includes('"sku"')) return real(to, init); // from another object
    written.push(text);
    return written.length === 1 ? first.promise : Response.json([{ result: 1 }]);
  });
  onTestFinished(() => send.mockRestore());
  const stock = new SkuField(env, "live");
  let available = 1;
  const changed = () => stock.changed("sku", () => ({ available, held: 0 }));

  changed();
  await until("the first was sent", () => written.length === 1);
  available = 0;
  changed();
  for (let i = 0; i < 5; i += 1) changed();
  expect(written).toHaveLength(1);
  first.resolve(Response.json([{ result: 1 }]));
  await until("the second was sent", () => written.length === 2);
  expect(written[1]).toContain('{\\"available\\":0,');
});

test("publishes the last sale at once, although the stock before it was published less than a second ago", async () => {
  const written: string[] = [];
  const real = globalThis.fetch;
  const send = vi.spyOn(globalThis, "fetch").mockImplementation(async (to, init) => {
    const text = String(init?.body);
    if (!text.includes('"last-sku"')) return real(to, init); // from another object
    written.push(text);
    return Response.json([{ result: 1 }]);
  });
  onTestFinished(() => send.mockRestore());
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const stock = new SkuField(env, "live");
  let available = 2;
  const changed = (isUrgent: boolean) =>
    stock.changed("last-sku", () => ({ available, held: 0 }), isUrgent);

  changed(false);
  await until("the first was sent", () => written.length === 1);
  timers.mockImplementation((() => 0) as never); // no second passes
  available = 1;
  changed(false);
  available = 0;
  changed(true);
  await until("the second was sent", () => written.length === 2);
  expect(written[1]).toContain('{\\"available\\":0,');
});

test("publishes a change that Redis missed, although nothing changes afterwards", async () => {
  const real = globalThis.fetch;
  let failures = 0;
  const send = vi.spyOn(globalThis, "fetch").mockImplementation(async (to, init) => {
    const isLost = String(init?.body).includes('"missed-sku"') && failures < 2;
    if (!isLost) return real(to, init);
    failures += 1;
    throw new TypeError("Redis is down");
  });
  onTestFinished(() => send.mockRestore());
  new SkuField(env, "live").changed("missed-sku", () => ({ available: 0, held: 0 }));
  const stock = await until("Redis has it", () => liveStock("missed-sku"));
  expect(stock).toEqual({ available: 0, held: 0 });
  expect(failures).toBe(2);
});

test("publishes buyers only while the SKU is sold out", async () => {
  const { skuId } = await given(2);
  const [ann, bob] = await buyers(2);
  await bought(ann as never, skuId);
  await stockPublished(skuId, 1);
  expect(await liveStock(skuId)).not.toHaveProperty("buyers");
  await bought(bob as never, skuId);
  const sold = await until("none is left", async () => {
    const stock = await liveStock(skuId);
    return stock?.available === 0 ? stock : undefined;
  });
  expect(sold.buyers).toMatchObject({ base: 0, recent: [expect.any(Number), expect.any(Number)] });
  const restock = { headers: { "idempotency-key": "k1" }, body: { quantity: 1 } };
  await admin("POST", `/skus/${skuId}/restock`, restock);
  await stockPublished(skuId, 1);
});
