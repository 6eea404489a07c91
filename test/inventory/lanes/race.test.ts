// One SKU on several objects, through the whole app and with real objects: buyers see what they would see with one object.
import { beforeAll, expect, test } from "vitest";
import { namesOf, newOrderId, parseOrderId } from "../../../src/inventory/order-id.ts";
import { admin, call, contractFaults } from "../../support/http.ts";
import { emptyRedis, readModelOf } from "../../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  bought,
  buyers,
  buyersInLane,
  givenLiveStock,
  ledger,
  onSale,
  order,
  putSale,
  settled,
  showOrder,
  suppressLiveStock,
  tally,
  unique,
  until,
} from "../../support/shop.ts";
import { aReservation, inventory, kill } from "../object.ts";

const LANES = 4;

beforeAll(emptyRedis);

test("four lanes sell exactly 100 units to 500 concurrent buyers", async () => {
  const skuId = await onSale({ stock: 100, lanes: LANES });
  const crowd = await buyers(500);

  const answers = await Promise.all(crowd.map((buyer) => order(buyer, skuId)));

  expect(tally(answers)).toEqual({ 202: 100, sold_out: 400 });
  expect(answers.flatMap(contractFaults)).toEqual([]);
  const accepted = answers.flatMap(({ status, body }) =>
    status === 202 ? [body.id as string] : [],
  );
  expect(new Set(accepted.map((id) => parseOrderId(id)?.lane)).size).toBe(LANES);
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ stocked: 100, sold: 100, held: 0, available: 0 });
  const readable = (await Promise.all(crowd.map(({ id }) => readModelOf(id)))).flat();
  expect(
    readable
      .filter(({ status }) => status === "confirmed")
      .map(({ id }) => id)
      .sort(),
  ).toEqual(accepted.sort());
});

test("each lane has its share of the units before the first buyer comes", async () => {
  const skuId = await onSale({ stock: 102, lanes: LANES });
  const stocks = namesOf([{ id: skuId, lanes: LANES }]).map((name) =>
    inventory(name).publicStock(),
  );
  expect((await Promise.all(stocks)).map((stock) => stock?.available)).toEqual([27, 25, 25, 25]);
  expect(await ledger(skuId)).toMatchObject({ stocked: 102, available: 102 });
});

test("lanes that are killed while they sell lose no unit and sell none twice", async () => {
  const skuId = await onSale({ stock: 60, lanes: LANES });
  const names = namesOf([{ id: skuId, lanes: LANES }]);
  let answered = 0;
  const attempts = (await buyers(240)).map(async (buyer) => {
    const key = `key-${buyer.id}`;
    for (;;) {
      const answer = await order(buyer, skuId, { key });
      answered += 1;
      if (answered % 25 === 0) await kill(names[(answered / 25) % LANES] as string);
      if (answer.status !== 503) return answer;
    }
  });

  const answers = await Promise.all(attempts);

  expect(tally(answers)).toEqual({ 202: 60, sold_out: 180 });
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ stocked: 60, sold: 60, held: 0, available: 0 });
});

const buyersOf = (lane: number, count: number) => buyersInLane(lane, LANES, count);

test("a unit that the buyer of one lane cancels is sold to one of another lane at once", async () => {
  const skuId = await onSale({ stock: 2, lanes: LANES, price: 100 });
  const [first, second] = (await buyersOf(1, 2)) as [Buyer, Buyer];
  const [late] = (await buyersOf(2, 1)) as [Buyer];
  const { id } = await bought(first, skuId);
  await bought(second, skuId);
  expect(tally([await order(late, skuId)])).toEqual({ sold_out: 1 });

  await call("DELETE", `/api/orders/${id}`, { token: first.token });

  // The edge may still know that everything is sold. The object decides.
  const command = aReservation(skuId, { userId: late.id });
  expect(await inventory(skuId).reserve(command)).toMatchObject({ ok: true });
  expect(await ledger(skuId)).toMatchObject({ stocked: 2, held: 2, available: 0 });
});

/** An attempt that is marked as a retry: the edge asks the object, whatever it knows itself. */
const retry = (buyer: Buyer, skuId: string) =>
  call("POST", `/api/skus/${skuId}/orders`, {
    token: buyer.token,
    headers: { "idempotency-key": unique("key"), "idempotency-retry": "true" },
    body: { quantity: 1 },
  });

test("a refusal counts the unpaid units that buyers of other lanes hold, whoever answers it", async () => {
  suppressLiveStock();
  const sku = aSku({ stock: 1, lanes: LANES, price: 100 });
  const { id: saleId } = await putSale(aSale({ skus: [sku] }));
  const [holder] = (await buyersOf(1, 1)) as [Buyer];
  const [other, late] = (await buyersOf(2, 2)) as [Buyer, Buyer];
  await bought(holder, sku.id);
  // The edge knows of the held unit, and not yet that no other is left.
  const names = namesOf([sku]);
  const stockOf = (lane: number) => ({ available: 0, held: lane === 1 ? 1 : 0 });
  await Promise.all(names.map((name, lane) => givenLiveStock(name, stockOf(lane))));
  await givenLiveStock(sku.id, { available: 1, isDry: false });
  await until("the edge knows of the held unit", async () => {
    const live = await call<{ skus: { held: number }[] }>("GET", `/api/sales/${saleId}/live`);
    return live.body.skus[0]?.held === 1;
  });

  // The object of their lane answers the first one, and holds nothing itself. The edge repeats that to the second one.
  const answers = [await order(other, sku.id), await order(late, sku.id)];
  for (const answer of answers) {
    expect(answer).toMatchObject({ code: "sold_out", body: { available: 0, held: 1 } });
  }
});

test("a lane without a unit sells out no SKU when it refuses for another reason", async () => {
  const sku = aSku({ stock: 40, lanes: LANES });
  const sale = await putSale(aSale({ skus: [sku] }));
  const [first] = (await buyersOf(1, 1)) as [Buyer];
  const [early, next] = (await buyersOf(2, 2)) as [Buyer, Buyer];
  await bought(first, sku.id);
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  await putSale({ ...sale, opensAt: inDays(1), closesAt: inDays(2) });
  expect((await retry(early, sku.id)).code).toBe("sale_not_open");

  await putSale(sale);

  expect(tally([await order(next, sku.id)])).toEqual({ 202: 1 });
});

test("the limit and the replay of a buyer hold, and the operator sees one SKU", async () => {
  const skuId = await onSale({ stock: 40, lanes: LANES, perUserLimit: 2 });
  const crowd = await buyers(12);
  const answers = await Promise.all(
    crowd.map((buyer) => order(buyer, skuId, { key: `once-${buyer.id}`, quantity: 2 })),
  );
  expect(tally(answers)).toEqual({ 202: 12 });
  const again = await Promise.all(
    crowd.map((buyer) => order(buyer, skuId, { key: `once-${buyer.id}`, quantity: 2 })),
  );
  expect(again.map(({ body }) => body.id)).toEqual(answers.map(({ body }) => body.id));
  expect(tally(await Promise.all(crowd.map((buyer) => order(buyer, skuId))))).toEqual({
    user_limit_reached: 12,
  });
  await settled(skuId);
  expect(await ledger(skuId)).toMatchObject({ stocked: 40, sold: 24, available: 16 });
  for (const buyer of crowd) expect(await inventory(skuId).ordersOf(buyer.id)).toHaveLength(1);

  const fewer = await admin("POST", `/skus/${skuId}/restock`, {
    headers: { "idempotency-key": unique("restock") },
    body: { quantity: -16 },
  });
  expect(fewer.status).toBe(200);
  expect(await ledger(skuId)).toMatchObject({ stocked: 24, sold: 24, available: 0 });
});

test("a refusal of more units than are left tells how many are", async () => {
  const skuId = await onSale({ stock: 2, lanes: LANES, perUserLimit: 5 });
  const [buyer] = (await buyersOf(1, 1)) as [Buyer];
  const command = aReservation(skuId, { userId: buyer.id, quantity: 5, wantsBuyers: true });
  expect(await inventory(skuId).reserve(command)).toMatchObject({
    reason: "sold_out",
    available: 2,
  });
});

test("pages of orders end, also from a made-up place, and no place is that of another item", async () => {
  const skuId = await onSale({ stock: 9, lanes: 2 });
  for (const buyer of await buyers(9)) await bought(buyer, skuId);
  const page = (place: unknown[]) => {
    const cursor = new TextEncoder().encode(JSON.stringify(place)).toBase64();
    return admin<{ orders?: unknown[]; cursor?: string }>(
      "GET",
      `/skus/${skuId}/orders?cursor=${encodeURIComponent(cursor.replaceAll("+", "-").replaceAll("/", "_"))}`,
    );
  };
  for (const lane of [1, 2, 99]) {
    const { status, body } = await page(["", `${skuId}.${lane}.`]);
    expect([status, body.cursor]).toEqual([200, undefined]);
  }
  for (const orderId of [
    "",
    "x",
    skuId,
    `${skuId}.NaN.`,
    `${skuId}.-1.`,
    `${skuId}.100.`,
    "a.0.",
  ]) {
    expect((await page(["", orderId])).code).toBe("invalid_request");
  }
});

test("an order id with a lane that never existed wakes no object", async () => {
  const skuId = await onSale({ lanes: 2 });
  const buyer = await aBuyer();
  const forged = newOrderId({ skuId, lane: 7 });
  expect((await showOrder(buyer, forged)).status).toBe(404);
});
