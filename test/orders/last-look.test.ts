// The webhook about a buyer's answer to the bank got lost. When the hold ends, the provider is asked once more before the
// units go to somebody else.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, expect, test, vi } from "vitest";
import { putToSleep, stubOf } from "../inventory/object.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, ledger, order, showOrder } from "../support/shop.ts";
import {
  deliverTo,
  givenHolds,
  givenOrder,
  givenPaid,
  nextMessage,
  type Purchase,
  paymentOf,
  TestGateway,
} from "./saga-fixtures.ts";

beforeAll(emptyRedis);

type Asked = Purchase & { gateway: TestGateway };

/** Given the last unit, held for a buyer whom the bank asks. The clock stands still. */
async function givenQuestion(): Promise<Asked> {
  givenHolds();
  const purchase = await givenOrder(await givenPaid({ stock: 1 }), { paymentToken: "pm_card" });
  const gateway = new TestGateway();
  gateway.asking = true;
  await deliverTo(gateway, [purchase.message]);
  expect(await paymentOf(purchase)).toMatchObject({ state: "action_required" });
  return { ...purchase, gateway };
}

/** Moves the clock to the end of the hold, as the buyer sees it. Wakes the object, as its alarm does. */
async function endHold(purchase: Purchase): Promise<void> {
  vi.setSystemTime(Date.parse((await shown(purchase)).expiresAt));
  await runDurableObjectAlarm(stubOf(purchase.skuId));
}

const shown = async ({ buyer, order: { id } }: Purchase) => (await showOrder(buyer, id)).body;
const settle = async ({ gateway, queue, order: { id } }: Asked) =>
  deliverTo(gateway, [await nextMessage(queue, id)]);
const callsOf = ({ gateway }: Asked) => gateway.calls.map((call) => call.split(" ")[0]);

test("keeps the unit for a buyer who answered the bank, and sells it to nobody else meanwhile", async () => {
  const asked = await givenQuestion();
  asked.gateway.authenticate(asked.order.id);

  await endHold(asked);
  vi.setSystemTime(Date.now() + 5 * 60_000);
  expect((await order(await aBuyer(), asked.skuId)).code).toBe("sold_out");
  await settle(asked);

  expect(await shown(asked)).toMatchObject({ status: "confirmed", payment: "charged" });
  expect(asked.gateway.refunded.size).toBe(0);
});

test("asks the provider once for a buyer who did not answer, then releases the unit and voids the payment", async () => {
  const asked = await givenQuestion();

  await endHold(asked);
  await settle(asked);
  expect((await order(await aBuyer(), asked.skuId)).status).toBe(202);
  await settle(asked);

  expect(await shown(asked)).toMatchObject({ status: "expired", payment: "voided" });
  expect(callsOf(asked)).toEqual(["charge", "charge", "void"]);
});

test("releases the unit after half an hour at most while the provider does not answer", async () => {
  const asked = await givenQuestion();
  asked.gateway.authenticate(asked.order.id);
  asked.gateway.down = true;

  await endHold(asked);
  expect((await settle(asked)).retried).toHaveLength(1);
  expect(await ledger(asked.skuId)).toMatchObject({ available: 0, held: 1 });
  await endHold(asked);
  expect(Date.now() - Date.parse(asked.order.createdAt)).toBeLessThanOrEqual(35 * 60_000);
  expect(await ledger(asked.skuId)).toMatchObject({ available: 1, held: 0 });

  // Money that is found later is late money.
  asked.gateway.down = false;
  await settle(asked);
  expect(await shown(asked)).toMatchObject({ status: "confirmed", payment: "charged" });
});

test("asks the provider although the object slept when the hold ended", async () => {
  const asked = await givenQuestion();
  asked.gateway.authenticate(asked.order.id);
  await putToSleep(asked.skuId);

  await endHold(asked);
  await settle(asked);

  expect(await shown(asked)).toMatchObject({ status: "confirmed" });
});
