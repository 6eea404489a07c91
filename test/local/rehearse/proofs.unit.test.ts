// The proofs: fabricated evidence of each failure is detected, and a correct sale passes.
import { describe, expect, test } from "vitest";
import type { BankEntry, LedgerOrder, Order } from "../../../src/local/client.ts";
import type { Thresholds } from "../../../src/local/rehearse/options.ts";
import { checkThresholds } from "../../../src/local/rehearse/proofs/thresholds.ts";
import { Recorder } from "../../../src/local/rehearse/recorder.ts";
import { answer, broken, correctSale, order, paidSale, problem, purchase } from "./evidence.ts";

const UNITS_SOLD = "units sold = stock or demand, whichever is less";
const REFUSALS = "no buyer is refused without cause (stock, limit, unpaid holds)";
const LIMIT = "no buyer gets more units than the per-user limit";
const ACCEPTED = "every accepted order becomes final, and only its owner can read it";
const LOG = "the Worker logged no warnings";

describe("the proofs", () => {
  test("accept a correct sale", () => {
    expect(broken(correctSale())).toEqual([]);
  });

  test("detect an oversell", () => {
    const sale = correctSale();
    sale.after = { ...sale.after, available: -1, sold: 3 };
    expect(broken(sale)).toEqual(["stocked = available + held + sold", UNITS_SOLD]);
  });

  test("detect an undersell and its wrong sold_out", () => {
    const sale = correctSale();
    sale.before = { ...sale.before, stocked: 3, available: 3 };
    sale.after = { ...sale.after, stocked: 3, available: 1 };
    expect(broken(sale)).toEqual([UNITS_SOLD, REFUSALS]);
  });

  test("accept either count if a buyer got no answer", () => {
    const sale = correctSale();
    sale.before = { ...sale.before, stocked: 3, available: 3 };
    sale.after = { ...sale.after, stocked: 3, available: 1 };
    sale.purchases[2] = purchase("cid", "c", undefined);
    expect(broken(sale)).toEqual([]);
  });

  test("detect a refunded unit that still counts as sold", () => {
    const sale = paidSale();
    sale.after = { ...sale.after, sold: 2, available: 0 };
    expect(broken(sale)).toEqual([UNITS_SOLD]);
  });

  test("detect a second unit for one buyer", () => {
    const sale = correctSale();
    (sale.ledgerOrders[1] as LedgerOrder).userId = "ann";
    expect(broken(sale)).toContain(LIMIT);
  });

  test("detect a lost order", () => {
    const sale = correctSale();
    sale.ledgerOrders.pop();
    sale.shown.set("o2", { owner: answer(404, {} as Order), stranger: undefined });
    expect(broken(sale)).toEqual([UNITS_SOLD, REFUSALS, ACCEPTED, "ledger = read model"]);
  });

  test("detect an order that is never acknowledged", () => {
    const sale = correctSale();
    sale.after.unacknowledged = 1;
    expect(broken(sale)).toEqual([ACCEPTED]);
  });

  test("detect an order shown to another buyer", () => {
    const sale = correctSale();
    sale.shown.set("o1", { ...sale.shown.get("o1"), owner: undefined, stranger: answer(200, {}) });
    expect(broken(sale)).toEqual([ACCEPTED]);
  });

  test("detect an order never reported to its buyer", () => {
    const sale = correctSale();
    sale.purchases[1] = purchase("bob", "b", problem(409, "sold_out"));
    expect(broken(sale)).toContain("every order in the ledger was reported to its buyer");
  });

  test("detect two orders under one key", () => {
    const sale = correctSale();
    sale.purchases[0]?.answers.push(answer(202, order("o9")));
    expect(broken(sale)).toContain("one Idempotency-Key, one answer");
  });

  test("detect a retry that loses the unit", () => {
    const sale = correctSale();
    sale.purchases[1]?.answers.push(problem(409, "sold_out"));
    expect(broken(sale)).toEqual(["one Idempotency-Key, one answer"]);
  });

  test("detect a replayed answer that is not marked as one", () => {
    const sale = correctSale();
    sale.purchases[1]?.answers.push(answer(202, order("o2")));
    expect(broken(sale)).toEqual(["one Idempotency-Key, one answer"]);
  });

  test("detect a stale or incomplete read model", () => {
    const stale = correctSale();
    stale.lists.set("bob", [{ ...order("o2"), status: "reserved", version: 1 }]);
    const missing = correctSale();
    missing.lists.set("bob", []);
    expect([broken(stale), broken(missing)]).toEqual([
      ["ledger = read model"],
      ["ledger = read model"],
    ]);
  });
});

const MONEY = "money kept = confirmed orders; each charge and refund happens once";

describe("the proof about money", () => {
  test("accepts a correct paid sale", () => {
    expect(broken(paidSale())).toEqual([]);
  });

  test.each<[string, string, Partial<BankEntry>]>([
    ["a double charge", "o1", { charges: 2 }],
    ["a missing charge", "o1", { charges: 0, state: "declined" }],
    ["a refund of a confirmed order", "o1", { refunds: 1, state: "refunded" }],
    ["a missing refund", "o2", { refunds: 0, state: "charged" }],
    ["a double refund", "o2", { refunds: 2 }],
    ["a wrong amount", "o1", { amount: 1_199 }],
  ])("detects %s", (_, id, change) => {
    const sale = paidSale();
    Object.assign(sale.books.get(id) as BankEntry, change);
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("detects a total that is not the price of the units", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, { quantity: 2 });
    Object.assign(sale.books.get("o1") as BankEntry, { amount: 2_400 });
    expect(broken(sale)).toContain(MONEY);
  });

  test("detects a charge that may still succeed for an expired order", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[1] as LedgerOrder, { status: "expired" });
    Object.assign(sale.books.get("o2") as BankEntry, { state: "tried", charges: 0, refunds: 0 });
    expect(broken(sale)).toContain(MONEY);
  });

  test("detects a charge for an order missing from the ledger", () => {
    const sale = paidSale();
    sale.books.set("o9", { ...(sale.books.get("o1") as BankEntry), orderId: "o9" });
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("detects an accepted order that never becomes final", () => {
    const sale = paidSale();
    const reserved = { ...order("o1"), status: "reserved" } as const;
    sale.shown.set("o1", { owner: answer(200, reserved), stranger: undefined });
    expect(broken(sale)).toContain(ACCEPTED);
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

describe("a threshold", () => {
  const latencyMs = {
    page: { p50: 1, p90: 2, p99: 3, max: 400 },
    buy: { p50: 10, p90: 20, p99: 30.5, max: 40 },
  };
  const missed = (thresholds: Thresholds, errorShare = 0.01) =>
    checkThresholds(thresholds, { latencyMs, errorShare }).map(({ violations }) => violations);

  test("is missed by a slow kind of request", () => {
    expect(missed({ maxP99: 30 })).toEqual([["buy: 30.5 ms"]]);
    expect(missed({ maxP99: 30.5 })).toEqual([[]]);
  });

  test("is missed by too many errors", () => {
    expect(missed({ maxErrors: 0.005 })).toEqual([["1%"]]);
    expect(missed({ maxErrors: 0.01 })).toEqual([[]]);
    expect(missed({ maxErrors: 0 }, 0)).toEqual([[]]);
  });

  test("is not checked if it is not set", () => {
    expect(missed({})).toEqual([]);
  });
});

test("counts a 5xx and a missing answer as errors, but not a refusal", () => {
  const recorder = new Recorder();
  recorder.recordAnswer("buy", problem(409, "sold_out"));
  recorder.recordAnswer("buy", problem(503, "overloaded"));
  recorder.recordFailure("buy", new Error("refused"));
  expect([recorder.errorCount, recorder.requestCount]).toEqual([2, 3]);
});

test("detects contract breaches and Worker warnings", () => {
  expect(broken(correctSale(), { breaches: new Map([["buy: 500", 1]]), log: ["warn: x"] })).toEqual(
    ["every answer conforms to the HTTP contract", LOG],
  );
});
