// Money that arrives after its hold ended, in a sale with a limit per person: it buys the units if the limit still has room.
import { beforeEach, expect, test } from "vitest";
import { givenClock } from "../../support/clock.ts";
import { captureQueue } from "../../support/queue.ts";
import { unique } from "../../support/shop.ts";
import { START } from "../commands.ts";
import { inventory } from "../object.ts";
import { allowanceFor, attempt, givenSizes, taken } from "./scene.ts";

const PRICE = 100;
const CHARGED = {
  outcome: "charged",
  reference: "psp-1",
  amount: { amount: PRICE, currency: "USD" },
} as const;
/** Longer than a hold's clock can stand still. */
const LONG_MS = 2 * 3_600_000;

let clock: ReturnType<typeof givenClock>;
beforeEach(() => {
  captureQueue();
  clock = givenClock(START);
});

/** A buyer whose order of the first size expired. `paymentToken`: its payment is with the provider. */
async function givenExpired(paymentToken?: string) {
  const sale = await givenSizes({ price: PRICE, holdSeconds: 60 });
  const [m, l] = sale.skuIds as [string, string];
  const userId = unique("user");
  const ref = await taken(sale, m, userId, paymentToken ? { paymentToken } : {});
  clock.moveTo(START + LONG_MS);
  expect(await inventory(m).find(ref)).toMatchObject({ status: "expired" });
  return { sale, m, l, userId, ref };
}

test("buys the units if the person took no others, and counts from then on", async () => {
  const { sale, m, l, userId, ref } = await givenExpired();
  expect(await inventory(m).recordReport(ref.orderId, CHARGED)).toMatchObject({
    ...{ action: "none", order: { status: "confirmed" } },
  });
  expect(await attempt(sale, l, userId)).toEqual({ ok: false, reason: "limit_reached" });
});

test("is returned if the person has taken another size meanwhile", async () => {
  const { sale, m, l, userId, ref } = await givenExpired();
  await taken(sale, l, userId);
  expect(await inventory(m).recordReport(ref.orderId, CHARGED)).toMatchObject({
    ...{ action: "refund", order: { status: "expired" } },
  });
});

test.each([
  ["confirms the order", false, { status: "confirmed", payment: "charged" }],
  [
    "is returned after the person took another size",
    true,
    { status: "expired", payment: "refund_due" },
  ],
])("from the payment provider, it %s", async (_, takesAnother, outcome) => {
  const { sale, m, l, userId, ref } = await givenExpired("tok");
  if (takesAnother) await taken(sale, l, userId);
  using claim = await inventory(m).claim([ref]);
  const money = { outcome: "charged", chargeId: "c" } as const;
  const [after] = await claim.session.recordPayments([{ ...ref, money, attempt: 1 }]);
  expect(after?.order).toMatchObject(outcome);
});

test("decides nothing while another attempt of the person is open, and comes again", async () => {
  const { sale, m, l, userId, ref } = await givenExpired();
  const command = { ...sale, userId, skuId: l, key: "open", quantity: 1 };
  expect(await allowanceFor(sale, userId).lease(command)).toMatchObject({ ok: true });
  const early = await inventory(m).recordReport(ref.orderId, CHARGED);
  expect(early).toEqual({ ok: false, reason: "unavailable" });
  expect(await inventory(m).find(ref)).toMatchObject({ status: "expired" });

  clock.moveTo(START + LONG_MS + 60_000);
  expect(await inventory(m).recordReport(ref.orderId, CHARGED)).toMatchObject({ action: "none" });
});
