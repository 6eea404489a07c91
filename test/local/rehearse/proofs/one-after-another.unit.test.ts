// The proof that units are sold and refused as if buyers came one after another: correct sales pass, and planted bugs are found
// although the totals at the end are right.
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
