// Sold out, from memory: the crowd costs nothing, and whoever may have an order always gets through.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type BuyerSummary, Buyers } from "../../src/inventory/buyers.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, KEYS, redis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  buyers,
  givenLiveStock,
  ledger,
  order,
  stockPublished,
  suppressLiveStock,
  tally,
  unique,
  until,
} from "../support/shop.ts";
import { aMoment, attempt, givenSale, type Scene } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(emptyRedis);

interface SoldOut {
  sale: Scene;
  winners: Buyer[];
  key: string;
  clock: ReturnType<typeof givenClock>;
}

/** Given a SKU whose units are all gone, and an edge that knows it. The clock stands still. */
async function givenSoldOut(stock = 3): Promise<SoldOut> {
  const clock = givenClock(aMoment());
  const sale = await givenSale({}, { stock, perUserLimit: 1 });
  const winners = await buyers(stock);
  const key = unique("key");
  for (const winner of winners) {
    expect((await attempt(winner, sale, { key })).status).toBe(202);
  }
  await stockPublished(sale.skuId, 0);
  clock.moveTo(Date.now() + 3_000); // what the edge knew before is too old by then
  await until("the edge knows", async () => {
    return (await redisCost(async () => attempt(await aBuyer(), sale))).commands === 0;
  });
  return { sale, winners, key, clock };
}

/** One more unit, and Redis knows. */
async function restock(sale: Scene): Promise<void> {
  const answer = await admin("POST", `/skus/${sale.skuId}/restock`, {
    headers: { "idempotency-key": unique("key") },
    body: { quantity: 1 },
  });
  expect(answer.status).toBe(200);
  await stockPublished(sale.skuId, 1);
}

const calls = async ({ skuId }: Scene) => (await ledger(skuId)).activity.calls;

test("a crowd of 500 costs no Redis command and no call of the object", async () => {
  const { sale } = await givenSoldOut();
  const crowd = await buyers(500);
  const before = await calls(sale);

  const { result, commands } = await redisCost(() =>
    Promise.all(crowd.map((buyer) => attempt(buyer, sale))),
  );

  expect(tally(result)).toEqual({ sold_out: 500 });
  expect(result[0]?.body).toMatchObject({ available: 0 });
  expect(commands).toBe(0);
  expect((await calls(sale)) - before).toBe(1); // ours
});

test("who has an order gets through: the same key its answer, another key the limit", async () => {
  const { sale, winners, key } = await givenSoldOut();
  for (const winner of winners) {
    const [replay, again] = [await attempt(winner, sale, { key }), await attempt(winner, sale)];
    expect([replay.status, replay.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(again).toMatchObject({ code: "user_limit_reached" });
    expect(again.body.orderIds).toEqual([replay.body.id]);
  }
});

test("buying works again two seconds after a restock at the latest", async () => {
  const { sale, clock } = await givenSoldOut();
  await restock(sale);

  clock.moveTo(Date.now() + 2_001);

  expect((await attempt(await aBuyer(), sale)).status).toBe(202);
});

test("who buys the unit that came back is not told sold out by older news", async () => {
  const { sale, clock } = await givenSoldOut();
  await restock(sale);
  // The edge reads old news again, as if the object's publication were late.
  const old = { available: 0, buyers: new Buyers().summarySince(0) as BuyerSummary };
  clock.moveTo(Date.now() + 3_000);
  const [late, key] = [await aBuyer(), unique("key")];
  const first = await attempt(late, sale, { key });
  expect(first.status).toBe(202);
  await stockPublished(sale.skuId, 0);
  await givenLiveStock(sale.skuId, old);
  clock.moveTo(Date.now() + 3_000);
  await until("the edge believes the old news", async () => {
    return (await attempt(await aBuyer(), sale)).code === "sold_out";
  });

  expect((await attempt(late, sale, { key })).body).toEqual(first.body);
});

/** Given an object whose publications are late: Redis goes on saying that a unit is left. */
async function givenOldNews(sku: Parameters<typeof givenSale>[1]): Promise<Scene> {
  suppressLiveStock();
  const sale = await givenSale({}, sku);
  await givenLiveStock(sale.skuId, { available: 1 });
  return sale;
}

describe("what an object itself answered", () => {
  test("is known at once, before anything is published, and believed for two seconds", async () => {
    const clock = givenClock(aMoment());
    const sale = await givenOldNews({ stock: 1, perUserLimit: 1 });
    const [winner, key] = [await aBuyer(), unique("key")];
    expect((await attempt(winner, sale, { key })).status).toBe(202);
    expect((await attempt(await aBuyer(), sale)).code).toBe("sold_out"); // and brings home the buyers
    await attempt(await aBuyer(), sale); // whatever else is read once is read by now
    const before = await calls(sale);

    const crowd = await buyers(100);
    const { result, commands } = await redisCost(() =>
      Promise.all(crowd.map((buyer) => attempt(buyer, sale))),
    );

    expect(tally(result)).toEqual({ sold_out: 100 });
    expect([commands, (await calls(sale)) - before]).toEqual([0, 1]); // the call is ours
    expect((await attempt(winner, sale, { key })).status).toBe(202);
    clock.moveTo(Date.now() + 2_001);
    await attempt(await aBuyer(), sale);
    expect(await calls(sale)).toBe(before + 4); // ours twice, the winner's, and this one asked again
  });

  test("is not known from who wanted more than is left", async () => {
    const sale = await givenOldNews({ stock: 1, perUserLimit: 2 });
    expect((await order(await aBuyer(), sale.skuId, { quantity: 2 })).code).toBe("sold_out");
    expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  });

  test("names its buyers to one of a crowd at a time", async () => {
    const sale = await givenOldNews({ stock: 1, perUserLimit: 1 });
    await attempt(await aBuyer(), sale);
    const asked: (boolean | undefined)[] = [];
    const spy = vi.spyOn(SkuInventory.prototype, "reserve");
    onTestFinished(() => spy.mockRestore());

    const answers = await Promise.all((await buyers(50)).map((buyer) => attempt(buyer, sale)));

    expect(tally(answers)).toEqual({ sold_out: 50 });
    for (const [command] of spy.mock.calls) asked.push(command.wantsBuyers);
    expect(asked.filter(Boolean)).toHaveLength(1);
  });
});

test("who says that it is a retry gets the object's word, as often as the limits allow", async () => {
  const { sale } = await givenSoldOut();
  const headers = { "idempotency-retry": "true" };
  const before = await calls(sale);
  expect((await attempt(await aBuyer(), sale, { headers })).code).toBe("sold_out");
  expect((await calls(sale)) - before).toBe(2); // ours, and theirs
});

test("garbage or silence from Redis never refuses anybody", async () => {
  const clock = givenClock(aMoment());
  const sale = await givenSale({}, { stock: 100 });
  const ofOtherVersions = [
    '{"available":0,"buyers":"AAA"}',
    '{"available":0,"buyers":{"format":1,"base":0,"recent":[]}}',
    '{"available":0,"buyers":{"format":2,"base":-1,"recent":[]}}',
    '{"available":0,"buyers":{"format":2,"base":9007199254740991,"recent":[]}}',
    '{"available":0,"buyers":{"format":2,"base":0,"recent":"all"}}',
  ];
  for (const text of ["", "{", "null", '{"available":0}', ...ofOtherVersions]) {
    await redis("HSET", KEYS.live, sale.skuId, text);
    clock.moveTo(Date.now() + 3_000);
    await attempt(await aBuyer(), sale);
    expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  }
});

test("a SKU that never had a unit is sold out, from memory too", async () => {
  suppressLiveStock();
  const sale = await givenSale({}, { stock: 0 });
  await attempt(await aBuyer(), sale);
  const before = await calls(sale);
  expect((await attempt(await aBuyer(), sale)).code).toBe("sold_out");
  expect((await calls(sale)) - before).toBe(1); // ours
});
