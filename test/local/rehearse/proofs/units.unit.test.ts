// The proofs about units: fabricated evidence of each violation is detected, and correct evidence passes.
import { describe, expect, test } from "vitest";
import type { LedgerOrder, Order } from "../../../../src/local/client.ts";
import type { Evidence } from "../../../../src/local/rehearse/evidence.ts";
import type { Purchase } from "../../../../src/local/rehearse/recorder.ts";
import {
  answer,
  at,
  broken,
  correctSale,
  NOW,
  order,
  paidSale,
  problem,
  purchase,
  version,
} from "../evidence.ts";

const UNITS_SOLD = "units sold = stock or demand, whichever is less";
const REFUSALS = "no buyer is refused without cause (limit, unpaid holds)";
const ONE_AFTER_ANOTHER = "units are sold and refused as if buyers came one after another";
const LIMIT = "no buyer gets more units than the per-user limit";
const BALANCE = "stocked = available + held + sold";
const SECOND = 1_000;

test("accepts a correct sale", () => {
  expect(broken(correctSale())).toEqual([]);
});

test("detects an oversell", () => {
  const sale = correctSale();
  sale.after = { ...sale.after, available: -1, sold: 3 };
  expect(broken(sale)).toEqual(["stocked = available + held + sold", UNITS_SOLD]);
});

test("detects an undersell and its wrong sold_out", () => {
  const sale = correctSale();
  sale.before = { ...sale.before, stocked: 3, available: 3 };
  sale.after = { ...sale.after, stocked: 3, available: 1 };
  expect(broken(sale)).toEqual([UNITS_SOLD, ONE_AFTER_ANOTHER]);
});

test("accepts either count if a buyer got no answer", () => {
  const sale = correctSale();
  sale.before = { ...sale.before, stocked: 3, available: 3 };
  sale.after = { ...sale.after, stocked: 3, available: 1 };
  sale.purchases[2] = purchase("cid", "c", undefined);
  expect(broken(sale)).toEqual([]);
});

test("detects a refunded unit that still counts as sold", () => {
  const sale = paidSale();
  sale.after = { ...sale.after, sold: 2, available: 0 };
  expect(broken(sale)).toEqual([UNITS_SOLD]);
});

test("detects a second unit for one buyer", () => {
  const sale = correctSale();
  (sale.ledgerOrders[1] as LedgerOrder).userId = "ann";
  expect(broken(sale)).toContain(LIMIT);
});

/** The same purchase with another quantity. */
const withQuantity = (quantity: number, { user, key, answers, outcomeUnknown }: Purchase) => ({
  ...{ user, key, quantity, answers, outcomeUnknown },
});

describe("with orders of several units, the proofs", () => {
  /** Three units. Ann bought two; bob wanted two more and was refused, so one is left. */
  function multiUnitSale(): Evidence {
    const own: Order = { ...order("o1"), quantity: 2 };
    const sale = correctSale();
    return {
      ...sale,
      history: [version({ stock: 3, perUserLimit: 2 })],
      before: { ...sale.before, stocked: 3, available: 3 },
      after: { ...sale.after, stocked: 3, available: 1, sold: 2 },
      ledgerOrders: [{ ...own, userId: "ann" }],
      purchases: [
        withQuantity(2, purchase("ann", "a", answer(202, own))),
        withQuantity(2, purchase("bob", "b", at(NOW + SECOND, problem(409, "sold_out")))),
      ],
      shown: new Map([
        ["o1", { owner: answer(200, own, { "x-served-from": "read-model" }), stranger: undefined }],
      ]),
      lists: new Map([["ann", [own]]]),
    };
  }

  test("accept a remaining unit that fits no order", () => {
    expect(broken(multiUnitSale())).toEqual([]);
  });

  test("detect the refusal of an order that fits", () => {
    const sale = multiUnitSale();
    sale.purchases[1] = purchase("bob", "b", at(NOW + SECOND, problem(409, "sold_out")));
    expect(broken(sale)).toEqual([ONE_AFTER_ANOTHER]);
  });

  test("detect a limit that counts orders instead of units", () => {
    const sale = multiUnitSale();
    sale.history = [version({ stock: 3, perUserLimit: 1 })];
    expect(broken(sale)).toContain(LIMIT);
  });

  test("detect a refusal within the limit", () => {
    const sale = multiUnitSale();
    sale.purchases[1] = withQuantity(2, purchase("bob", "b", problem(409, "user_limit_reached")));
    expect(broken(sale)).toContain(REFUSALS);
  });
});

describe("with an edited sale, the proofs", () => {
  test("detect added stock that the ledger lacks", () => {
    const sale = correctSale();
    sale.history.push(version({ stock: 4 }, {}, NOW + SECOND));
    expect(broken(sale)).toEqual([BALANCE]);
    sale.after = { ...sale.after, stocked: 4, available: 2 };
    expect(broken(sale)).toEqual([]);
  });

  test("detect a ledger that does not add up at one moment", () => {
    const sale = correctSale();
    sale.ledgers = [{ ...sale.after, available: 1 }];
    expect(broken(sale)).toEqual([BALANCE]);
  });

  test("detect a sold_out after a restock, but not before it", () => {
    const sale = correctSale();
    sale.history.push(version({ stock: 4 }, {}, NOW + 10 * SECOND));
    sale.after = { ...sale.after, stocked: 4, available: 2 };
    const refusedAt = (moment: number) => {
      sale.purchases[2] = purchase("cid", "c", at(moment, problem(409, "sold_out")));
      return broken(sale);
    };
    expect(refusedAt(NOW + 9 * SECOND)).toEqual([]);
    // An edge may serve a cached sold_out for a while.
    expect(refusedAt(NOW + 11 * SECOND)).toEqual([]);
    expect(refusedAt(NOW + 20 * SECOND)).toEqual([ONE_AFTER_ANOTHER]);
  });

  test("accept a second unit after the limit was raised, and detect one after it was lowered", () => {
    const orderedAfter = (limit: number, then: number) => {
      const sale = correctSale();
      const second = { ...order("o2"), createdAt: new Date(NOW + 5 * SECOND).toISOString() };
      sale.ledgerOrders[1] = { ...second, userId: "ann" };
      sale.history = [
        version({ perUserLimit: limit }),
        version({ perUserLimit: then }, {}, NOW + SECOND),
      ];
      return broken(sale).includes(LIMIT);
    };
    expect([orderedAfter(1, 2), orderedAfter(2, 1)]).toEqual([false, true]);
  });

  test("detect user_limit_reached after the limit was raised", () => {
    const sale = correctSale();
    sale.history.push(version({ perUserLimit: 2 }, {}, NOW + SECOND));
    const refusedAt = (moment: number) => {
      sale.purchases[2] = purchase("ann", "c", at(moment, problem(409, "user_limit_reached")));
      return broken(sale);
    };
    expect([refusedAt(NOW), refusedAt(NOW + 2 * SECOND)]).toEqual([[], [REFUSALS]]);
  });
});
