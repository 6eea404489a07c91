// The proofs about orders: fabricated evidence of each violation is detected, and correct evidence passes.
import { describe, expect, test } from "vitest";
import type { LedgerOrder, Order } from "../../../../src/local/client.ts";
import type { OrderAction } from "../../../../src/local/rehearse/recorder.ts";
import {
  answer,
  at,
  broken,
  correctSale,
  order,
  paidSale,
  problem,
  purchase,
} from "../evidence.ts";

const UNITS_SOLD = "units sold = stock or demand, whichever is less";
const ONE_AFTER_ANOTHER = "units are sold and refused as if buyers came one after another";
const ACCEPTED = "every accepted order becomes final, and only its owner can read it";
const OUTCOME = "every order has one outcome, the one reported to its buyer";

test("detects a lost order", () => {
  const sale = correctSale();
  sale.ledgerOrders.pop();
  sale.shown.set("o2", { owner: answer(404, {} as Order), stranger: undefined });
  expect(broken(sale)).toEqual([UNITS_SOLD, ONE_AFTER_ANOTHER, ACCEPTED, "ledger = read model"]);
});

test("detects an order that is never acknowledged", () => {
  const sale = correctSale();
  sale.after.unacknowledged = 1;
  expect(broken(sale)).toEqual([ACCEPTED]);
});

test("accepts a free order that its buyer cancelled before it was confirmed, and no other", () => {
  const sale = correctSale();
  const gone = { ...order("o2"), status: "cancelled" } as const;
  sale.shown.set("o2", { owner: answer(200, gone), stranger: problem(404, "not_found") });
  expect(broken(sale)).toContain(ACCEPTED);
  const cancel = { kind: "cancel", user: "bob", sku: "coupon", id: "o2" } as const;
  sale.orderActions = [{ ...cancel, answer: problem(409, "order_not_cancellable") }];
  expect(broken(sale)).toContain(ACCEPTED);
  sale.orderActions = [{ ...cancel, answer: answer(200, gone) }];
  expect(broken(sale)).not.toContain(ACCEPTED);
});

test("detects an order shown to another buyer", () => {
  const sale = correctSale();
  sale.shown.set("o1", { ...sale.shown.get("o1"), owner: undefined, stranger: answer(200, {}) });
  expect(broken(sale)).toEqual([ACCEPTED]);
});

test("detects an order never reported to its buyer", () => {
  const sale = correctSale();
  sale.purchases[1] = purchase("bob", "b", problem(409, "sold_out"));
  expect(broken(sale)).toContain("every order in the ledger was reported to its buyer");
});

test("detects two orders under one key", () => {
  const sale = correctSale();
  sale.purchases[0]?.answers.push(answer(202, order("o9")));
  expect(broken(sale)).toContain("one Idempotency-Key, one answer");
});

test("detects a retry that loses the unit", () => {
  const sale = correctSale();
  sale.purchases[1]?.answers.push(problem(409, "sold_out"));
  expect(broken(sale)).toEqual(["one Idempotency-Key, one answer"]);
});

test("detects a replayed answer that is not marked as one", () => {
  const sale = correctSale();
  sale.purchases[1]?.answers.push(answer(202, order("o2")));
  expect(broken(sale)).toEqual(["one Idempotency-Key, one answer"]);
});

test("accepts that two attempts under way together get one order, and detects an order that no first answer has", () => {
  const replayed = { "idempotent-replayed": "true" };
  const twins = correctSale();
  twins.purchases.push(purchase("bob", "b2", answer(202, order("o2"), replayed)));
  const orphan = correctSale();
  orphan.purchases[1] = purchase("bob", "b", answer(202, order("o2"), replayed));
  expect([broken(twins), broken(orphan)]).toEqual([[], ["one Idempotency-Key, one answer"]]);
});

test("detects a stale or incomplete read model", () => {
  const stale = correctSale();
  stale.lists.set("bob", [{ ...order("o2"), status: "reserved", version: 1 }]);
  const missing = correctSale();
  missing.lists.set("bob", []);
  expect([broken(stale), broken(missing)]).toEqual([
    ["ledger = read model"],
    ["ledger = read model"],
  ]);
});

test("detects an accepted order that never becomes final", () => {
  const sale = paidSale();
  const reserved = { ...order("o1"), status: "reserved" } as const;
  sale.shown.set("o1", { owner: answer(200, reserved), stranger: undefined });
  expect(broken(sale)).toContain(ACCEPTED);
});

describe("the proof about outcomes", () => {
  const action = (kind: OrderAction["kind"], given: OrderAction["answer"]): OrderAction => ({
    ...{ kind, user: "ann", sku: "coupon", id: "o1" },
    answer: given,
  });
  const done = answer(200, order("o1"));

  test("detects an order that is both canceled and confirmed", () => {
    const sale = paidSale();
    sale.orderActions = [action("pay", { ...done, status: 202 }), action("cancel", done)];
    expect(broken(sale)).toEqual([OUTCOME]);
  });

  test("detects an order canceled by its buyer, who did not cancel it", () => {
    const sale = paidSale();
    const changed = { status: "cancelled", reason: "buyer", payment: "voided" } as const;
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, changed);
    expect(broken(sale)).toContain(OUTCOME);
    sale.orderActions = [action("cancel", undefined)];
    expect(broken(sale)).not.toContain(OUTCOME);
  });

  test("detects a payment refused before the hold expired", () => {
    const sale = paidSale();
    const { payment: _, ...unpaid } = sale.ledgerOrders[0] as LedgerOrder;
    sale.ledgerOrders[0] = { ...unpaid, status: "expired" };
    const refusedAt = (moment: number) => {
      sale.orderActions = [action("pay", at(moment, problem(409, "order_not_payable")))];
      return broken(sale).includes(OUTCOME);
    };
    const end = Date.parse(unpaid.expiresAt);
    expect([refusedAt(end - 50), refusedAt(end)]).toEqual([true, false]);
  });

  test("detects a canceled order that stays confirmed", () => {
    const sale = paidSale();
    const canceled = answer(200, order("o1"));
    sale.orderActions = [
      { kind: "cancel", user: "ann", sku: "coupon", id: "o1", answer: canceled },
    ];
    expect(broken(sale)).toEqual(["every order has one outcome, the one reported to its buyer"]);
  });
});
