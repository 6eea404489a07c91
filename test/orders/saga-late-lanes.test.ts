// Money that arrives after the hold ended, at a SKU whose units move between lanes. It buys the units wherever they are free, and
// is refunded once if they are not. Ann is a buyer of lane 1, Ben of lane 2, Cid of lane 3.
import { beforeAll, expect, test } from "vitest";
import { kill } from "../inventory/object.ts";
import { emptyRedis } from "../support/redis.ts";
import { type Buyer, buyersInLane, ledger, order, tally } from "../support/shop.ts";
import {
  cancel,
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type PaidSale,
  type Purchase,
  shown,
  TestGateway,
} from "./saga-fixtures.ts";

const LANES = 4;
const PAID = { paymentToken: "tok_ok" };

beforeAll(emptyRedis);

const inLane = async (lane: number): Promise<Buyer> =>
  (await buyersInLane(lane, LANES, 1))[0] as Buyer;

/** An order in this lane that was charged, but whose answer from the gateway was lost. Its hold goes on. */
async function givenLostAnswer(sale: PaidSale, lane: number, gateway: TestGateway) {
  const purchase = await givenOrder(sale, { ...PAID, buyer: await inLane(lane) });
  gateway.mute = true;
  await deliverTo(gateway, [purchase.message]);
  gateway.mute = false;
  return purchase;
}

/** The only unit of a SKU was Ann's. Her hold has ended, and her money is late. */
async function givenLateMoney() {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1, lanes: LANES });
  const gateway = new TestGateway();
  const ann = await givenLostAnswer(sale, 1, gateway);
  holds.end();
  // Any call of the SKU makes its lanes expire their holds.
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });
  return { sale, gateway, ann };
}

const arrive = async (gateway: TestGateway, ...purchases: Purchase[]) => {
  const messages = purchases.map(({ queue, order: { id } }) => nextMessage(queue, id));
  return deliverTo(gateway, await Promise.all(messages));
};

test("late money buys the unit that another lane had and gave back", async () => {
  const { sale, gateway, ann } = await givenLateMoney();
  const ben = await givenOrder(sale, { ...PAID, buyer: await inLane(2) });
  expect(await ledger(sale.skuId)).toMatchObject({ stocked: 1, available: 0, held: 1 });
  await cancel(ben);

  await arrive(gateway, ann);

  expect(await shown(ann)).toEqual({ status: "confirmed", payment: "charged" });
  expect(gateway.refunded.size).toBe(0);
  expect(await ledger(sale.skuId)).toMatchObject({ stocked: 1, sold: 1, held: 0, available: 0 });
  expect((await order(await inLane(3), sale.skuId)).code).toBe("sold_out");
});

test("late money is refunded once if a buyer of another lane has the unit", async () => {
  const { sale, gateway, ann } = await givenLateMoney();
  const ben = await givenOrder(sale, { ...PAID, buyer: await inLane(2) });
  const message = await nextMessage(sale.queue, ann.order.id);

  expect((await deliverTo(gateway, [message])).acked).toHaveLength(1);
  await deliverTo(gateway, [message, message]);
  await deliverTo(gateway, [ben.message]);

  expect(await shown(ann)).toEqual({ status: "refunded", payment: "refunded" });
  expect(await shown(ben)).toEqual({ status: "confirmed", payment: "charged" });
  expect(gateway.calls.filter((call) => call.startsWith("refund"))).toEqual([
    `refund ${ann.order.id}`,
  ]);
  expect(await ledger(sale.skuId)).toMatchObject({ stocked: 1, sold: 1, held: 0, available: 0 });
});

test("late money finds the units that are free in other lanes only, also after both lanes were killed", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 20, lanes: LANES });
  const gateway = new TestGateway();
  const ann = await givenLostAnswer(sale, 1, gateway);
  holds.end();
  await ledger(sale.skuId);
  // The five units of lane 1. The others have five each.
  const crowd = await buyersInLane(1, LANES, 5);
  expect(tally(await Promise.all(crowd.map((buyer) => order(buyer, sale.skuId))))).toEqual({
    202: 5,
  });
  await kill(sale.skuId);
  await kill(`${sale.skuId}.1`);

  await arrive(gateway, ann);

  expect(await shown(ann)).toEqual({ status: "confirmed", payment: "charged" });
  expect(await ledger(sale.skuId)).toMatchObject({ stocked: 20, sold: 1, held: 5, available: 14 });
});

test("the last unit goes to exactly one of two late payments and a new buyer, each in another lane", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 2, lanes: LANES });
  const gateway = new TestGateway();
  const ann = await givenLostAnswer(sale, 1, gateway);
  const cid = await givenLostAnswer(sale, 3, gateway);
  holds.end();
  expect(await ledger(sale.skuId)).toMatchObject({ available: 2, held: 0 });
  expect((await order(await inLane(0), sale.skuId)).status).toBe(202);

  const buyer = await inLane(2);
  const [, , ben] = await Promise.all([
    arrive(gateway, ann),
    arrive(gateway, cid),
    order(buyer, sale.skuId),
  ]);

  const late = [await shown(ann), await shown(cid)];
  const sold = late.filter(({ status }) => status === "confirmed").length;
  const refunded = late.filter(({ status }) => status === "refunded").length;
  const bought = ben.status === 202 ? 1 : 0;
  expect([sold + bought, sold + refunded]).toEqual([1, 2]);
  expect(gateway.refunded.size).toBe(refunded);
  expect(await ledger(sale.skuId)).toMatchObject({
    ...{ stocked: 2, sold, held: 1 + bought, available: 0 },
  });
});
