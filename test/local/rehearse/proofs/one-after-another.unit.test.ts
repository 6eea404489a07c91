// The proof that units are sold and refused as if buyers came one after another: correct sales pass, and planted bugs are found
// although the totals at the end are right.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LedgerOrder, Order } from "../../../../src/local/client.ts";
import type { Evidence } from "../../../../src/local/rehearse/evidence.ts";
import { oneAfterAnother } from "../../../../src/local/rehearse/proofs/one-after-another.ts";
import {
  answer,
  at,
  broken,
  NOW,
  order,
  paidSale,
  problem,
  purchase,
  version,
} from "../evidence.ts";

const SECOND = 1_000;
const UNIT_PRICE = { amount: 1_200, currency: "USD" };

const paidOrder = (id: string, fields: Partial<Order> = {}): Order => ({
  ...{ ...order(id), unitPrice: UNIT_PRICE, total: UNIT_PRICE, ...fields },
});

const seconds = (moment: number) => new Date(NOW + moment * SECOND).toISOString();

/** The last pair: ann holds it from 0 s, and cancels at 10 s. Bob buys it at `bobAt`, and cid asks at `cidAt`. */
function lastPair({ bobAt, cidAt }: { bobAt: number; cidAt: number }): Evidence {
  const ann = paidOrder("o1", { status: "cancelled" });
  const bob = paidOrder("o2", { createdAt: seconds(bobAt) });
  const cancelled = at(NOW + 10 * SECOND, answer(200, ann));
  return {
    ...paidSale(),
    history: [version({ unitPrice: UNIT_PRICE, stock: 1 })],
    before: { stocked: 1, available: 1, held: 0, sold: 0, unacknowledged: 0 },
    after: { stocked: 1, available: 0, held: 0, sold: 1, unacknowledged: 0 },
    ledgerOrders: [
      { ...ann, userId: "ann" },
      { ...bob, userId: "bob" },
    ],
    purchases: [
      purchase("ann", "a", answer(202, ann)),
      purchase("bob", "b", at(NOW + bobAt * SECOND, answer(202, bob))),
      purchase("cid", "c", at(NOW + cidAt * SECOND, problem(409, "sold_out"))),
    ],
    orderActions: [{ kind: "cancel", user: "ann", sku: "coupon", id: "o1", answer: cancelled }],
  };
}

test("a unit that comes back can be sold again", () => {
  expect(oneAfterAnother(lastPair({ bobAt: 11, cidAt: 5 }))).toEqual([]);
});

test("a planted double sale is found, although one order was canceled later", () => {
  expect(oneAfterAnother(lastPair({ bobAt: 5, cidAt: 6 }))).toEqual([
    "1 units were sold while none can have been free",
  ]);
});

test("a planted double sale is found, although the first buyer never got an answer", () => {
  const sale = lastPair({ bobAt: 5, cidAt: 6 });
  sale.purchases[0] = purchase("ann", "a", undefined);
  expect(oneAfterAnother(sale)).toEqual(["1 units were sold while none can have been free"]);
});

test("a planted stale refusal is found, although the unit is sold in the end", () => {
  const [violation] = oneAfterAnother(lastPair({ bobAt: 60, cidAt: 30 }));
  expect(violation).toContain("cid got sold_out at 2026-11-22T10:00:30.000Z");
});

test("a refusal counts only once an edge has had time to learn of the unit", () => {
  expect(oneAfterAnother(lastPair({ bobAt: 60, cidAt: 12 }))).toEqual([]);
});

test("a planted lost order is found", () => {
  const sale = lastPair({ bobAt: 11, cidAt: 5 });
  sale.ledgerOrders = sale.ledgerOrders.filter(({ id }: LedgerOrder) => id === "o1");
  expect(broken(sale)).toContain(
    "every accepted order becomes final, and only its owner can read it",
  );
});

/** What one buyer does. Milliseconds: when the shop decides, and the ways of request and answer. */
interface Visit {
  at: number;
  there: number;
  back: number;
  isLost: boolean;
  /** How long after the decision the shop takes the cancellation; without one, the hold ends after ten seconds. */
  cancelsAfter: number | undefined;
  isCancelLost: boolean;
}

const visit: fc.Arbitrary<Visit> = fc.record({
  at: fc.nat(60_000),
  there: fc.nat(5_000),
  back: fc.nat(5_000),
  isLost: fc.boolean(),
  cancelsAfter: fc.option(fc.nat(9_000), { nil: undefined }),
  isCancelLost: fc.boolean(),
});

const HOLD = 10 * SECOND;

/** A shop of one unit that serves them one after the other, unless `isBroken`: then it also sells the unit that somebody has. */
function shopOf(visits: Visit[], isBroken: boolean): Evidence & { doubleSales: number } {
  const sale = lastPair({ bobAt: 0, cidAt: 0 });
  const all = {
    ...sale,
    ledgerOrders: [],
    purchases: [],
    orderActions: [],
    doubleSales: 0,
  } as Evidence & { doubleSales: number };
  let takenUntil = Number.NEGATIVE_INFINITY;
  for (const [n, one] of visits.toSorted((a, b) => a.at - b.at).entries()) {
    const user = `user-${n}`;
    const isFree = one.at >= takenUntil;
    if (!isFree && isBroken) all.doubleSales += 1;
    const isSold = isFree || isBroken;
    const isCanceled = one.cancelsAfter !== undefined;
    const endsAt = one.at + (one.cancelsAfter ?? HOLD);
    const times = { createdAt: iso(one.at), expiresAt: iso(one.at + HOLD) };
    const made = paidOrder(`o${n}`, { ...times, status: isCanceled ? "cancelled" : "expired" });
    const told = isSold ? answer(202, made) : problem(409, "sold_out");
    const sent = { ...told, sentAt: NOW + one.at - one.there, ms: one.there + one.back };
    all.purchases.push(purchase(user, `k${n}`, one.isLost ? undefined : sent));
    if (!isSold) continue;
    takenUntil = Math.max(takenUntil, endsAt);
    all.ledgerOrders.push({ ...made, userId: user });
    const canceled = {
      ...answer(200, made),
      sentAt: NOW + endsAt - one.there,
      ms: one.there + one.back,
    };
    const cancel = { kind: "cancel", user, sku: "coupon", id: made.id } as const;
    if (isCanceled)
      all.orderActions.push({ ...cancel, answer: one.isCancelLost ? undefined : canceled });
  }
  return all;
}

const iso = (moment: number) => new Date(NOW + moment).toISOString();

test("a shop that serves people one after the other is never accused, whatever answers are late or lost", () => {
  const check = fc.property(fc.array(visit, { maxLength: 12 }), (visits) => {
    expect(oneAfterAnother(shopOf(visits, false))).toEqual([]);
  });
  fc.assert(check, { numRuns: 2_000 });
});

test("a shop that sells a unit twice is found, also if answers were lost and nobody keeps the unit", () => {
  // So far apart that nobody may have come a moment before another one left.
  const apart = fc.record({
    at: fc.nat(60).map((second) => second * SECOND + 500),
    cancelsAfter: fc.option(
      fc.nat(9).map((second) => second * SECOND + 250),
      { nil: undefined },
    ),
    isLost: fc.boolean(),
  });
  const visits = fc.uniqueArray(apart, { selector: ({ at }) => at, maxLength: 12 });
  const quick = { there: 1, back: 1, isCancelLost: false };
  const check = fc.property(visits, (all) => {
    const shop = shopOf(
      all.map((one) => ({ ...one, ...quick })),
      true,
    );
    expect(oneAfterAnother(shop).length > 0).toBe(shop.doubleSales > 0);
  });
  fc.assert(check, { numRuns: 2_000 });
});
