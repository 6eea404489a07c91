// A slow or failing payment provider: no order is lost, and no order waits for another order's charge.
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
} from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const inReadModel = async ({ buyer }: { buyer: Buyer }) => (await readModelOf(buyer.id))[0];

test("retries an order while the gateway is down, then charges it once", async () => {
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

test("releases the unit when the hold ends during an outage, and voids the charge afterwards", async () => {
  const holds = givenHolds();
  const sale = await givenPaid({ stock: 1 });
  const purchase = await givenOrder(sale);
  const gateway = new TestGateway();
  gateway.down = true;
  await deliverTo(gateway, [purchase.message]);

  holds.end();
  expect(await ledger(sale.skuId)).toMatchObject({ available: 1, held: 0 });
  const released = await nextMessage(sale.queue, purchase.order.id);
  // The charge may still have succeeded, so the order is not acknowledged yet.
  expect((await deliverTo(gateway, [released])).retried).toHaveLength(1);
  expect(await inReadModel(purchase)).toMatchObject({ status: "expired" });

  gateway.down = false;
  expect((await deliverTo(gateway, [released])).acked).toHaveLength(1);
  expect(await ledger(sale.skuId)).toMatchObject({ unacknowledged: 0 });
  expect(gateway.calls.at(-1)).toBe(`void ${purchase.order.id}`);
});

test("leaves paid orders reserved if no payment provider is configured", async () => {
  const purchase = await givenOrder(await givenPaid());

  expect((await deliverTo(null, [purchase.message])).retried).toHaveLength(1);

  expect(await inReadModel(purchase)).toMatchObject({ status: "reserved" });
});

test("confirms the other orders of a batch while one charge is slow", async () => {
  const sale = await givenPaid();
  const slow = await givenOrder(sale);
  const others = [await givenOrder(sale), await givenOrder(sale), await givenOrder(sale)];
  const gateway = new TestGateway();
  const held = gateway.hold(slow.order);

  const delivery = deliverTo(
    gateway,
    [slow, ...others].map(({ message }) => message),
  );
  for (const other of others) {
    await until("the other order is confirmed", async () => {
      return (await inReadModel(other))?.status === "confirmed";
    });
  }
  expect(gateway.charged).not.toContain(slow.order.id);
  expect(await ledger(sale.skuId)).toMatchObject({ unacknowledged: 1, sold: 3, held: 1 });

  held.release();
  expect((await delivery).acked).toHaveLength(4);
  expect(await inReadModel(slow)).toMatchObject({ status: "confirmed" });
});

test("retries only the order whose charge failed", async () => {
  const sale = await givenPaid();
  const tokens = ["tok_error_then_ok", "tok_ok", "tok_declined"];
  const purchases = [];
  for (const paymentToken of tokens) purchases.push(await givenOrder(sale, { paymentToken }));

  const { acked, retried } = await deliver(purchases.map(({ message }) => message));

  expect(retried).toEqual([purchases[0]?.message]);
  expect(acked).toHaveLength(2);
});
