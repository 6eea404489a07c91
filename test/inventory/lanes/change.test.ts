// The number of lanes changes while a SKU sells, through the whole app and with real objects. Buyers notice nothing.
import { beforeAll, expect, test } from "vitest";
import type { Sale } from "../../../src/catalog/schema.ts";
import { laneOf } from "../../../src/inventory/lanes/lane-of.ts";
import { namesOf, parseOrderId } from "../../../src/inventory/order-id.ts";
import { call, contractFaults } from "../../support/http.ts";
import { emptyRedis, readModelOf } from "../../support/redis.ts";
import {
  aSale,
  aSku,
  type Buyer,
  buyers,
  ledger,
  order,
  putSale,
  settled,
  showOrder,
  tally,
  until,
} from "../../support/shop.ts";
import { aReservation, inside, inventory, kill } from "../object.ts";

beforeAll(emptyRedis);

const withLanes = (sale: Sale, lanes: number): Sale => ({
  ...sale,
  skus: sale.skus.map((sku) => ({ ...sku, lanes })),
});

/** Repeats an attempt under its key until it is answered. */
async function insist(buyer: Buyer, skuId: string) {
  for (;;) {
    const answer = await order(buyer, skuId, { key: `key-${buyer.id}` });
    if (answer.status !== 503) return answer;
  }
}

test("a SKU whose lanes change from 1 to 4, 2, and 1 during a race sells exactly its stock, once to each buyer", async () => {
  const sale = await putSale(aSale({ skus: [aSku({ stock: 150 })] }));
  const skuId = sale.skus[0]?.id as string;
  const names = namesOf([{ id: skuId, lanes: 4 }]);
  const crowd = await buyers(480);
  const changes = [4, 2, 1];
  const changed: Promise<Sale>[] = [];
  const answers: Awaited<ReturnType<typeof insist>>[] = [];

  await Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      for (const buyer of crowd.slice(8 * at, 8 * at + 8)) {
        answers.push(await insist(buyer, skuId));
        const lanes = answers.length % 30 === 0 ? changes.shift() : undefined;
        if (lanes !== undefined) changed.push(putSale(withLanes(sale, lanes)));
        if (answers.length % 25 === 0) await kill(names[(answers.length / 25) % 4] as string);
      }
    }),
  );
  await Promise.all(changed);

  expect(changed).toHaveLength(3);
  expect(tally(answers)).toEqual({ 202: 150, sold_out: 330 });
  expect(answers.flatMap(contractFaults)).toEqual([]);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ stocked: 150, sold: 150, held: 0, available: 0 });

  const repeats = await Promise.all(crowd.map((buyer) => insist(buyer, skuId)));
  expect(tally(repeats)).toEqual({ 202: 150, sold_out: 330 });
  const ids = (all: typeof answers) =>
    all.flatMap(({ status, body }) => (status === 202 ? [body.id as string] : [])).sort();
  expect(ids(repeats)).toEqual(ids(answers));
  const read = (await Promise.all(crowd.map(({ id }) => readModelOf(id)))).flat();
  expect(read.map(({ id }) => id).sort()).toEqual(ids(answers));
});

/** Buyers whose lane is another one after the change. */
async function movedBuyers(before: number, after: number, count: number): Promise<Buyer[]> {
  const crowd = await buyers(16 * count);
  const moves = ({ id }: Buyer) => laneOf(id, before) !== laneOf(id, after);
  return crowd.filter(moves).slice(0, count);
}

test("a buyer whose lane changes keeps orders, limit and repeats, and new buyers go to the new lanes", async () => {
  const sale = await putSale(aSale({ skus: [aSku({ stock: 40, perUserLimit: 2, price: 100 })] }));
  const skuId = sale.skus[0]?.id as string;
  const [ann, ben, cid, dan] = (await movedBuyers(1, 4, 4)) as [Buyer, Buyer, Buyer, Buyer];
  const first = await order(ann, skuId, { key: "ann-1" });
  expect(first.status).toBe(202);

  await putSale(withLanes(sale, 4));

  const again = await order(ann, skuId, { key: "ann-1" });
  expect([again.status, again.body.id]).toEqual([202, first.body.id]);
  expect((await order(ann, skuId, { key: "ann-1", quantity: 2 })).code).toBe(
    "idempotency_key_reused",
  );
  const second = await order(ann, skuId, { key: "ann-2" });
  expect(second.status).toBe(202);
  expect((await order(ann, skuId, { key: "ann-3" })).code).toBe("user_limit_reached");
  expect(await inventory(skuId).ordersOf(ann.id)).toHaveLength(2);
  expect((await showOrder(ann, first.body.id as string)).status).toBe(200);

  const others = await Promise.all(
    [ben, cid, dan].map((buyer) => order(buyer, skuId, { key: buyer.id })),
  );
  expect(tally(others)).toEqual({ 202: 3 });
  expect(others.map(({ body }) => parseOrderId(body.id as string)?.lane)).toEqual(
    [ben, cid, dan].map(({ id }) => laneOf(id, 4)),
  );

  await putSale(withLanes(sale, 1));

  const [late] = await buyers(1);
  expect((await order(late as Buyer, skuId, { key: "late", quantity: 2 })).status).toBe(202);
  for (const [n, buyer] of [ben, cid, dan].entries()) {
    expect((await order(buyer, skuId, { key: buyer.id })).body.id).toBe(others[n]?.body.id);
    expect((await order(buyer, skuId, { key: "more", quantity: 2 })).code).toBe(
      "user_limit_reached",
    );
  }
  await call("DELETE", `/api/orders/${second.body.id}`, { token: ann.token });
  expect(await ledger(skuId)).toMatchObject({ stocked: 40, held: 6, available: 34 });
  await until("the lanes that ended have given their units back", async () => {
    const { available } = (await inventory(skuId).publicStock()) ?? {};
    return available === 34;
  });
});

test("a buyer is not refused from memory because their order is in a lane of before", async () => {
  const sale = await putSale(aSale({ skus: [aSku({ stock: 3 })] }));
  const skuId = sale.skus[0]?.id as string;
  const [ann, ...others] = await movedBuyers(1, 2, 6);
  const first = await order(ann as Buyer, skuId, { key: "ann" });
  await putSale(withLanes(sale, 2));
  await settled(skuId);
  await Promise.all(others.map((buyer) => insist(buyer, skuId)));

  // All is sold, and the edge knows the buyers of the lanes by now.
  const refused = await Promise.all(others.map((buyer) => order(buyer, skuId, { key: "again" })));
  expect(Object.keys(tally(refused)).sort()).toEqual(["sold_out", "user_limit_reached"]);
  const again = await order(ann as Buyer, skuId, { key: "ann" });
  expect(again.body.id).toBe(first.body.id);
});

test("a lane that is not configured yet answers nothing, instead of that its item is unknown", async () => {
  const sale = await putSale(aSale({ skus: [aSku()] }));
  const [{ id }] = sale.skus as [Sale["skus"][0]];
  const answer = await inside(`${id}.3`, async (object) => {
    try {
      return await object.reserve(aReservation(id));
    } catch (error) {
      return String(error);
    }
  });
  expect(answer).toMatch("not configured");
});
