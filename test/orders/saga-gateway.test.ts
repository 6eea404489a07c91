// The payment provider is slow, or does not answer: nothing is lost, nobody waits for somebody else's charge.
import { beforeAll, expect, test } from "vitest";
import { deliver } from "../support/queue.ts";
import { emptyRedis, readModelOf } from "../support/redis.ts";
import { type Buyer, ledger, until } from "../support/shop.ts";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  TestGateway,
} from "./saga-world.ts";

beforeAll(emptyRedis);

const inReadModel = async ({ buyer }: { buyer: Buyer }) => (await readModelOf(buyer.id))[0];

test("the gateway is down for a while: nothing is lost, then it is charged once", async () => {
  const purchase = await givenOrder(await givenPaid());
  const gateway = new TestGateway();
  gateway.down = true;
  for (const attempts of [1, 2, 3]) {
    const { retried } = await deliverTo(gateway, [purchase.message], { attempts });
    expect(retried).toHaveLength(1);
  }
  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });

  gateway.down = false;
  expect((await deliverTo(gateway, [purchase.message])).acked).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "confirmed" });
});

test("the gateway is down until the hold ends: released, and certain that nothing is charged", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  gateway.down = true;
  await deliverTo(gateway, [purchase.message]);

  holds.end();
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });
  const released = await nextMessage(sale.queue, purchase.order.id);
  // Money may be on its way as long as nobody can say: not acknowledged.
  expect((await deliverTo(gateway, [released])).retried).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "expired" });

  gateway.down = false;
  expect((await deliverTo(gateway, [released])).acked).toHaveLength(1);
  expect(await ledger(sale.skuId)).toMatchObject({ unacknowledged: 0 });
  expect(gateway.calls.at(-1)).toBe(`void ${purchase.order.id}`);
});

test("without a payment provider paid orders stay reserved until their hold ends", async () => {
  const purchase = await givenOrder(await givenPaid());

  expect((await deliverTo(null, [purchase.message])).retried).toHaveLength(1);

  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });
});

test("a slow charge does not delay its neighbours", async () => {
  const sale = await givenPaid();
  const slow = await givenOrder(sale);
  const neighbours = [await givenOrder(sale), await givenOrder(sale), await givenOrder(sale)];
  const gateway = new TestGateway();
  const held = gateway.hold(slow.order);

  const delivery = deliverTo(
    gateway,
    [slow, ...neighbours].map(({ message }) => message),
  );
  for (const neighbour of neighbours) {
    await until("the neighbour is confirmed", async () => {
      return (await inReadModel(neighbour))?.status === "confirmed";
    });
  }
  expect(gateway.charged).not.toContain(slow.order.id);
  expect(await ledger(sale.skuId)).toMatchObject({ unacknowledged: 1, sold: 3, held: 1 });

  held.letGo();
  expect((await delivery).acked).toHaveLength(4);
  expect(await inReadModel(slow)).toMatchObject({ status: "confirmed" });
});

test("one failing charge fails no neighbour", async () => {
  const sale = await givenPaid();
  const tokens = ["tok_error_then_ok", "tok_ok", "tok_declined"];
  const purchases = [];
  for (const paymentToken of tokens) purchases.push(await givenOrder(sale, { paymentToken }));

  const { acked, retried } = await deliver(purchases.map(({ message }) => message));

  expect(retried).toEqual([purchases[0]?.message]);
  expect(acked).toHaveLength(2);
});
