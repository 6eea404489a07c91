// The rehearsal's own proofs: fabricated evidence of each disaster must be seen, an honest sale must pass.
import { describe, expect, test } from "vitest";
import type { BankEntry, LedgerOrder, Order } from "../../../src/local/client.ts";
import type { Thresholds } from "../../../src/local/rehearse/options.ts";
import { holdAgainst } from "../../../src/local/rehearse/proofs/thresholds.ts";
import { verify } from "../../../src/local/rehearse/proofs/verdicts.ts";
import { Record } from "../../../src/local/rehearse/record.ts";
import { answer, broken, honestSale, order, paidSale, problem, purchase } from "./evidence.ts";

describe("proofs", () => {
  test("an honest sale breaks nothing", () => {
    expect(broken(honestSale())).toEqual([]);
  });

  test("an oversell is seen", () => {
    const sale = honestSale();
    sale.after = { ...sale.after, available: -1, sold: 3 };
    expect(broken(sale)).toEqual([
      "stocked = available + held + sold",
      "units sold = stock or demand",
    ]);
  });

  test("an undersell is seen, and with it the untrue sold_out", () => {
    const sale = honestSale();
    sale.before = { ...sale.before, stocked: 3, available: 3 };
    sale.after = { ...sale.after, stocked: 3, available: 1 };
    expect(broken(sale)).toEqual([
      "units sold = stock or demand",
      "nobody was told sold_out while units were left",
    ]);
  });

  test("a buyer who was never answered makes the expected number a range", () => {
    const sale = honestSale();
    sale.before = { ...sale.before, stocked: 3, available: 3 };
    sale.after = { ...sale.after, stocked: 3, available: 1 };
    sale.purchases[2] = purchase("cid", "c", undefined);
    expect(broken(sale)).toEqual([]);
  });

  test("a second unit for one person is seen", () => {
    const sale = honestSale();
    (sale.ledgerOrders[1] as LedgerOrder).userId = "ann";
    expect(broken(sale)).toContain("nobody has more than the limit of the time");
  });

  test("a lost order is seen", () => {
    const sale = honestSale();
    sale.ledgerOrders.pop();
    sale.shown.set("o2", { owner: answer(404, {} as Order), stranger: undefined });
    expect(broken(sale)).toEqual([
      "units sold = stock or demand",
      "nobody was told sold_out while units were left",
      "every accepted order is final and readable by its owner alone",
      "ledger = read model",
    ]);
  });

  test("an order that never settles is seen", () => {
    const sale = honestSale();
    sale.after.unacknowledged = 1;
    expect(broken(sale)).toEqual(["every accepted order is final and readable by its owner alone"]);
  });

  test("an order shown to a stranger is seen", () => {
    const sale = honestSale();
    sale.shown.set("o1", { ...sale.shown.get("o1"), owner: undefined, stranger: answer(200, {}) });
    expect(broken(sale)).toEqual(["every accepted order is final and readable by its owner alone"]);
  });

  test("an order nobody was told of is seen", () => {
    const sale = honestSale();
    sale.purchases[1] = purchase("bob", "b", problem(409, "sold_out"));
    expect(broken(sale)).toContain("every order in the ledger was told to its buyer");
  });

  test("two orders for one key are seen", () => {
    const sale = honestSale();
    sale.purchases[0]?.answers.push(answer(202, order("o9")));
    expect(broken(sale)).toContain("one key, one answer");
  });

  test("a retry that loses the unit is seen", () => {
    const sale = honestSale();
    sale.purchases[1]?.answers.push(problem(409, "sold_out"));
    expect(broken(sale)).toEqual(["one key, one answer"]);
  });

  test("a repeat that is not marked as one is seen", () => {
    const sale = honestSale();
    sale.purchases[1]?.answers.push(answer(202, order("o2")));
    expect(broken(sale)).toEqual(["one key, one answer"]);
  });

  test("a read model that lags behind or differs is seen", () => {
    const stale = honestSale();
    stale.lists.set("bob", [{ ...order("o2"), status: "reserved", version: 1 }]);
    const missing = honestSale();
    missing.lists.set("bob", []);
    expect([broken(stale), broken(missing)]).toEqual([
      ["ledger = read model"],
      ["ledger = read model"],
    ]);
  });
});

const MONEY = "money kept = confirmed orders, each charged once; refunds returned once";

describe("proofs about money", () => {
  test("an honest paid sale breaks nothing", () => {
    expect(broken(paidSale())).toEqual([]);
  });

  test.each<[string, string, Partial<BankEntry>]>([
    ["money taken twice", "o1", { charges: 2 }],
    ["money never taken", "o1", { charges: 0, state: "declined" }],
    ["money returned that was earned", "o1", { refunds: 1, state: "refunded" }],
    ["money kept that was to be returned", "o2", { refunds: 0, state: "charged" }],
    ["money returned twice", "o2", { refunds: 2 }],
    ["a wrong amount", "o1", { amount: 1_199 }],
  ])("%s is seen", (_, id, change) => {
    const sale = paidSale();
    Object.assign(sale.books.get(id) as BankEntry, change);
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("a total that is not the price of its units is seen", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, { quantity: 2 });
    Object.assign(sale.books.get("o1") as BankEntry, { amount: 2_400 });
    expect(broken(sale)).toContain(MONEY);
  });

  test("a charge that may still succeed for an order that is over is seen", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[1] as LedgerOrder, { status: "expired" });
    Object.assign(sale.books.get("o2") as BankEntry, { state: "tried", charges: 0, refunds: 0 });
    expect(broken(sale)).toContain(MONEY);
  });

  test("money for an order that no ledger knows is seen", () => {
    const sale = paidSale();
    sale.books.set("o9", { ...(sale.books.get("o1") as BankEntry), orderId: "o9" });
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("an accepted order that never became final is seen", () => {
    const sale = paidSale();
    const reserved = { ...order("o1"), status: "reserved" } as const;
    sale.shown.set("o1", { owner: answer(200, reserved), stranger: undefined });
    expect(broken(sale)).toContain("every accepted order is final and readable by its owner alone");
  });

  test("an order given back that its buyer still has is seen", () => {
    const sale = paidSale();
    const told = answer(200, order("o1"));
    sale.deeds = [{ kind: "give back", user: "ann", sku: "coupon", id: "o1", answer: told }];
    expect(broken(sale)).toEqual(["every order has one outcome, the one its buyer was told"]);
  });

  test("without the bank's books nothing is said about money", () => {
    const verdicts = verify({ skus: [honestSale()], breaches: new Map(), log: [] });
    expect(verdicts.map(({ promise }) => promise)).not.toContain(MONEY);
  });
});

test("nothing is said about a log that cannot be seen", () => {
  const verdicts = verify({ skus: [honestSale()], breaches: new Map(), log: undefined });
  expect(verdicts.map(({ promise }) => promise)).not.toContain("the Worker logged no warning");
});

describe("thresholds", () => {
  const latencyMs = {
    page: { p50: 1, p90: 2, p99: 3, max: 400 },
    buy: { p50: 10, p90: 20, p99: 30.5, max: 40 },
  };
  const missed = (thresholds: Thresholds, errorShare = 0.01) =>
    holdAgainst(thresholds, { latencyMs, errorShare }).map(({ violations }) => violations);

  test("a slow kind of request breaks the latency goal", () => {
    expect(missed({ maxP99: 30 })).toEqual([["buy: 30.5 ms"]]);
    expect(missed({ maxP99: 30.5 })).toEqual([[]]);
  });

  test("too many errors break the error goal", () => {
    expect(missed({ maxErrors: 0.005 })).toEqual([["1%"]]);
    expect(missed({ maxErrors: 0.01 })).toEqual([[]]);
    expect(missed({ maxErrors: 0 }, 0)).toEqual([[]]);
  });

  test("no goal, no verdict", () => {
    expect(missed({})).toEqual([]);
  });
});

test("a 5xx and a missing answer count as errors, a refusal does not", () => {
  const record = new Record();
  record.answer("buy", problem(409, "sold_out"));
  record.answer("buy", problem(503, "overloaded"));
  record.silence("buy", new Error("refused"));
  expect([record.errors, record.size]).toEqual([2, 3]);
});

test("breaches of the contract and warnings of the Worker are seen", () => {
  expect(broken(honestSale(), { breaches: new Map([["buy: 500", 1]]), log: ["warn: x"] })).toEqual([
    "every answer is one of the contract's",
    "the Worker logged no warning",
  ]);
});
