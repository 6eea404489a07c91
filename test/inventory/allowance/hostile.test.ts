// Attacks on the limit of a sale per person, at its objects: clocks that jump, allowances that hang, sales that change and come
// back. Nobody may get more than the limit, and nobody below it may be refused.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { LeaseAnswer } from "../../../src/inventory/allowance/client.ts";
import type { LeaseCommand } from "../../../src/inventory/allowance/decide.ts";
import { SaleAllowance } from "../../../src/inventory/allowance/sale-allowance.ts";
import { givenClock } from "../../support/clock.ts";
import { captureQueue } from "../../support/queue.ts";
import { unique, until } from "../../support/shop.ts";
import { anOffer, START } from "../commands.ts";
import { aReservation, inventory } from "../object.ts";
import {
  allowanceFor,
  allowanceStub,
  attempt,
  givenSizes,
  type LimitedSale,
  taken,
} from "./scene.ts";

const PRICE = 100;
const DAY_MS = 86_400_000;
/** Longer than a hold's clock can stand still. */
const LONG_MS = 2 * 3_600_000;
const REFUSED = { ok: false, reason: "limit_reached" };

let clock: ReturnType<typeof givenClock>;
beforeEach(() => {
  captureQueue();
  clock = givenClock(START);
  return () => void vi.restoreAllMocks();
});

/** Puts the sizes into a sale: the same one on other terms, or another one. */
async function offerAgain(
  sale: LimitedSale,
  revision: number,
  changes: { saleId?: string; saleLimit?: number; closesAt?: number },
): Promise<LimitedSale> {
  const { saleId, limit, skuIds } = sale;
  for (const skuId of skuIds) {
    const offer = anOffer(10, PRICE);
    Object.assign(offer.terms, { saleId, skuId, saleLimit: limit, holdSeconds: 60, ...changes });
    await inventory(skuId).configure({ skuId, revision, offer });
  }
  return { skuIds, saleId: changes.saleId ?? saleId, limit: changes.saleLimit ?? limit };
}

/** Two sizes, in a sale with a limit of one. */
async function givenPair(limit = 1) {
  const sale = await givenSizes({ limit, price: PRICE, holdSeconds: 60 });
  const [m, l] = sale.skuIds as [string, string];
  return { sale, m, l, userId: unique("user") };
}

const lateMoney = (orderId: string) =>
  ({
    outcome: "charged",
    reference: `psp-${orderId}`,
    amount: { amount: PRICE, currency: "USD" },
  }) as const;

/** Holds each answer of an allowance to late money back until the test lets it go. */
function holdLateLeases(): { waiting(): number; release(): void } {
  let waiting = 0;
  let isReleased = false;
  const { lease } = SaleAllowance.prototype;
  vi.spyOn(SaleAllowance.prototype, "lease").mockImplementation(async function (
    this: SaleAllowance,
    command: LeaseCommand,
  ): Promise<LeaseAnswer> {
    const answer = await lease.call(this, command);
    if (!command.isAgain) return answer;
    waiting += 1;
    await until("the test lets it go", () => isReleased);
    return answer;
  });
  return {
    waiting: () => waiting,
    release: () => {
      isReleased = true;
    },
  };
}

test("an old order of a SKU that moved to another sale takes nothing of that sale's limit", async () => {
  const { sale, m, l, userId } = await givenPair();
  const reservation = aReservation(m, { userId });
  await taken(sale, m, userId, reservation);
  const next = await offerAgain(sale, 2, { saleId: unique("sale") });
  expect(await attempt(next, m, userId, reservation)).toMatchObject({ ok: true, replayed: true });
  await until("the next sale has room", async () => {
    const answer = await attempt(next, l, userId);
    expect(answer).not.toEqual(REFUSED);
    return answer.ok;
  });
});

test("money that is late buys nothing with a lease that ended while an allowance was slow", async () => {
  const { sale, m, l, userId } = await givenPair();
  const ref = await taken(sale, m, userId);
  clock.moveTo(START + LONG_MS);
  const allowances = holdLateLeases();
  const report = inventory(m).recordReport(ref.orderId, lateMoney(ref.orderId));
  await until("the lease is granted", () => allowances.waiting() > 0);
  clock.moveTo(START + LONG_MS + 13_000);
  await taken(sale, l, userId);
  allowances.release();
  expect(await report).toMatchObject({ ok: false, reason: "unavailable" });
  expect(await inventory(m).find(ref)).toMatchObject({ status: "expired" });
});

test("money that is late buys nothing under a limit that was lowered meanwhile", async () => {
  const { sale, m, l, userId } = await givenPair(2);
  const ref = await taken(sale, m, userId);
  clock.moveTo(START + LONG_MS);
  await taken(sale, l, userId);
  const allowances = holdLateLeases();
  const report = inventory(m).recordReport(ref.orderId, lateMoney(ref.orderId));
  await until("the lease is granted", () => allowances.waiting() > 0);
  await offerAgain(sale, 2, { saleLimit: 1 });
  allowances.release();
  expect(await report).toMatchObject({ ok: false, reason: "unavailable" });
});

test("a hold that became shorter after a decline refuses nobody once it is over, even if its object sleeps", async () => {
  const { sale, m, l, userId } = await givenPair();
  const ref = await taken(sale, m, userId, { paymentToken: "tok" });
  using claim = await inventory(m).claim([ref]);
  const money = { outcome: "declined", reason: "card_declined" } as const;
  await claim.session.recordPayments([{ ...ref, money, attempt: 1 }]);
  clock.moveTo(START + 61_000);
  expect(await attempt(sale, l, userId)).toMatchObject({ ok: true });
});

test("a hold whose clock stands still refuses its owner's other sizes for as long as it runs", async () => {
  const { sale, m, l, userId } = await givenPair();
  await taken(sale, m, userId, { paymentToken: "tok" });
  for (const ms of [1_000, 59_000, 61_000, 15 * 60_000, 29 * 60_000]) {
    clock.moveTo(START + ms);
    expect(await attempt(sale, l, userId)).toEqual(REFUSED);
  }
  clock.moveTo(START + 32 * 60_000);
  expect(await attempt(sale, l, userId)).toMatchObject({ ok: true });
});

test("a lease for a SKU whose object has no sale yet is given back", async () => {
  const { sale, l, userId } = await givenPair();
  expect(await attempt(sale, unique("unknown"), userId)).toMatchObject({ reason: "not_found" });
  clock.moveTo(START + 13_000);
  expect(await attempt(sale, l, userId)).toMatchObject({ ok: true });
});

test("a lease that a ledger called spent stays spent when its clock is set back", async () => {
  const { sale, m, l, userId } = await givenPair();
  const late = aReservation(m, { userId });
  const command = { ...sale, userId, skuId: m, key: late.idempotencyKey, quantity: 1 };
  const answer = await allowanceFor(sale, userId).lease(command);
  if (!answer.ok || !answer.lease) throw new Error("no lease");
  clock.moveTo(START + 13_000);
  await taken(sale, l, userId);
  clock.moveTo(START + 5_000);
  const lease = { ...answer.lease, saleId: sale.saleId, limit: sale.limit };
  expect(await inventory(m).reserve({ ...late, lease })).toMatchObject({
    reason: "lease_required",
  });
});

test("an attempt waits no longer than a second when the clock is set back meanwhile", async () => {
  const { sale, m, l, userId } = await givenPair(2);
  const command = { ...sale, userId, quantity: 1 };
  const allowance = allowanceFor(sale, userId);
  await allowance.lease({ ...command, skuId: m, key: "a" });
  const open = await allowance.lease({ ...command, skuId: m, key: "b" });
  if (!open.ok || !open.lease) throw new Error("no lease");
  const waiting = attempt(sale, l, userId, { quantity: 2 });
  clock.moveTo(START - LONG_MS);
  const spent = { userId, skuId: m, key: "b", order: null, spent: [open.lease.id] };
  await allowance.settle(sale.saleId, [spent]);
  expect(await waiting).toEqual({ ok: false, reason: "undecided" });
});

test.each([
  ["deleted and made again", true],
  ["opened once more", false],
])(
  "a sale that is %s long after its end still counts what its people have",
  async (_, isDeleted) => {
    const { sale, m, l, userId } = await givenPair();
    const ref = await taken(sale, m, userId);
    await inventory(m).recordReport(ref.orderId, lateMoney(ref.orderId));
    await until("it counts", async () => (await attempt(sale, l, userId)).ok === false);
    if (isDeleted) {
      for (const skuId of sale.skuIds) {
        await inventory(skuId).configure({ skuId, revision: 2, offer: null });
      }
    }
    clock.moveTo(START + 400 * DAY_MS);
    await runDurableObjectAlarm(allowanceStub(sale, userId) as DurableObjectStub);
    await offerAgain(sale, 3, { closesAt: START + 500 * DAY_MS });
    for (const skuId of sale.skuIds) await inventory(skuId).countOrders(null);
    expect(await attempt(sale, l, userId)).toEqual(REFUSED);
  },
);
