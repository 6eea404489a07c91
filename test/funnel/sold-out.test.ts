// "Sold out" from the edge's memory: refusals cost nothing, and callers who may have an order reach the object.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { BuyerSummary } from "../../src/inventory/buyers.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { buyersOf } from "../support/buyers.ts";
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

/** Given a sold-out SKU, and an edge that has read its stock. The clock stands still. */
async function givenSoldOut(stock = 3): Promise<SoldOut> {
  const clock = givenClock(aMoment());
  const sale = await givenSale({}, { stock, perUserLimit: 1 });
  const winners = await buyers(stock);
  const key = unique("key");
  for (const winner of winners) {
    expect((await attempt(winner, sale, { key })).status).toBe(202);
  }
  await stockPublished(sale.skuId, 0);
  clock.moveTo(Date.now() + 3_000); // so the edge's earlier stock has expired
  await until("the edge has read the stock", async () => {
    return (await redisCost(async () => attempt(await aBuyer(), sale))).commands === 0;
  });
  return { sale, winners, key, clock };
}

/** Adds one unit, and waits until it is published. */
async function restock(sale: Scene): Promise<void> {
  const answer = await admin("POST", `/skus/${sale.skuId}/restock`, {
    headers: { "idempotency-key": unique("key") },
    body: { quantity: 1 },
  });
  expect(answer.status).toBe(200);
  await stockPublished(sale.skuId, 1);
}

const calls = async ({ skuId }: Scene) => (await ledger(skuId)).activity.calls;

test("refuses 500 buyers without a Redis command or an object call", async () => {
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

test("gives a buyer their order for the same key, and user_limit_reached for another", async () => {
  const { sale, winners, key } = await givenSoldOut();
  for (const winner of winners) {
    const [replay, again] = [await attempt(winner, sale, { key }), await attempt(winner, sale)];
    expect([replay.status, replay.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(again).toMatchObject({ code: "user_limit_reached" });
    expect(again.body.orderIds).toEqual([replay.body.id]);
  }
});

test("accepts orders again within two seconds of a restock", async () => {
  const { sale, clock } = await givenSoldOut();
  await restock(sale);

  clock.moveTo(Date.now() + 2_001);

  expect((await attempt(await aBuyer(), sale)).status).toBe(202);
});

test("does not refuse the buyer of a restocked unit because of a stale sold-out stock", async () => {
  const { sale, clock } = await givenSoldOut();
  await restock(sale);
  // The edge reads the stale stock again, as if the object's publication were late.
  const old = { available: 0, buyers: buyersOf().summarySince(0) as BuyerSummary };
  clock.moveTo(Date.now() + 3_000);
  const [late, key] = [await aBuyer(), unique("key")];
  const first = await attempt(late, sale, { key });
  expect(first.status).toBe(202);
  await stockPublished(sale.skuId, 0);
  await givenLiveStock(sale.skuId, old);
  clock.moveTo(Date.now() + 3_000);
  await until("the edge has read the stale stock", async () => {
    return (await attempt(await aBuyer(), sale)).code === "sold_out";
  });

  expect((await attempt(late, sale, { key })).body).toEqual(first.body);
});

/** Given an object whose publications are late: the stock in Redis still has a unit. */
async function givenStaleStock(sku: Parameters<typeof givenSale>[1]): Promise<Scene> {
  suppressLiveStock();
  const sale = await givenSale({}, sku);
  await givenLiveStock(sale.skuId, { available: 1 });
  return sale;
}

describe("the object's own answer", () => {
  test("refuses others at once, before any publication, and for two seconds", async () => {
    const clock = givenClock(aMoment());
    const sale = await givenStaleStock({ stock: 1, perUserLimit: 1 });
    const [winner, key] = [await aBuyer(), unique("key")];
    expect((await attempt(winner, sale, { key })).status).toBe(202);
    expect((await attempt(await aBuyer(), sale)).code).toBe("sold_out"); // and returns the buyers
    await attempt(await aBuyer(), sale); // loads everything that is read once
    const before = await calls(sale);

    const crowd = await buyers(100);
    const { result, commands } = await redisCost(() =>
      Promise.all(crowd.map((buyer) => attempt(buyer, sale))),
    );

    expect(tally(result)).toEqual({ sold_out: 100 });
    expect([commands, (await calls(sale)) - before]).toEqual([0, 1]); // the test's own call
    expect((await attempt(winner, sale, { key })).status).toBe(202);
    clock.moveTo(Date.now() + 2_001);
    await attempt(await aBuyer(), sale);
    expect(await calls(sale)).toBe(before + 4); // two of the test's, the winner's, and the last attempt's
  });

  test("does not refuse others if it refused a larger quantity than is left", async () => {
    const sale = await givenStaleStock({ stock: 1, perUserLimit: 2 });
    expect((await order(await aBuyer(), sale.skuId, { quantity: 2 })).code).toBe("sold_out");
    expect((await attempt(await aBuyer(), sale)).status).toBe(202);
  });

  test("includes the buyers for only one of many simultaneous attempts", async () => {
    givenClock(aMoment());
    const sale = await givenStaleStock({ stock: 1, perUserLimit: 1 });
    await attempt(await aBuyer(), sale);
    const wanted: (boolean | undefined)[] = [];
    const spy = vi.spyOn(SkuInventory.prototype, "reserve");
    onTestFinished(() => spy.mockRestore());

    const answers = await Promise.all((await buyers(50)).map((buyer) => attempt(buyer, sale)));

    expect(tally(answers)).toEqual({ sold_out: 50 });
    for (const [command] of spy.mock.calls) wanted.push(command.wantsBuyers);
    expect(wanted.filter(Boolean)).toHaveLength(1);
  });
});

test("sends an attempt marked as a retry to the object", async () => {
  const { sale } = await givenSoldOut();
  const headers = { "idempotency-retry": "true" };
  const before = await calls(sale);
  expect((await attempt(await aBuyer(), sale, { headers })).code).toBe("sold_out");
  expect((await calls(sale)) - before).toBe(2); // the test's own call, and the attempt's
});

test("refuses no one because of malformed or missing stock in Redis", async () => {
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

test("refuses buyers of a SKU that never had a unit from memory", async () => {
  givenClock(aMoment());
  suppressLiveStock();
  const sale = await givenSale({}, { stock: 0 });
  await attempt(await aBuyer(), sale);
  const before = await calls(sale);
  expect((await attempt(await aBuyer(), sale)).code).toBe("sold_out");
  expect((await calls(sale)) - before).toBe(1); // ours
});
