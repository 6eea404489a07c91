// The proof about money: fabricated evidence of each violation is detected, and correct evidence passes.
import { describe, expect, test } from "vitest";
import type { LedgerOrder } from "../../../../src/local/client.ts";
import type { Evidence } from "../../../../src/local/rehearse/evidence.ts";
import type { BankRecord, Method } from "../../../../src/local/rehearse/payments.ts";
import type { OperatorRefund } from "../../../../src/local/rehearse/scenario.ts";
import { answer, broken, order, paidSale, refundedSale } from "../evidence.ts";

const MONEY = "money kept = confirmed orders; each charge and refund happens once";
const HOLDS = "no buyer who pays in time loses the units";
const REFUNDS = "every refund by the operator returns its units and its money";
const BALANCE = "stocked = available + held + sold";
const SOLD = "units sold = stock or demand, whichever is less";

describe("the proof about money", () => {
  test("accepts a correct paid sale", () => {
    expect(broken(paidSale())).toEqual([]);
  });

  test.each<[string, string, Partial<BankRecord>]>([
    ["a double charge", "o1", { charges: 2, charged: 2_400 }],
    ["a missing charge", "o1", { charges: 0, charged: 0 }],
    ["a refund of a confirmed order", "o1", { refunds: 1, refunded: 1_200 }],
    ["a missing refund", "o2", { refunds: 0, refunded: 0 }],
    ["a double refund", "o2", { refunds: 2, refunded: 2_400 }],
    ["a refund of too little", "o2", { refunded: 1_199 }],
    ["a wrong amount", "o1", { charged: 1_199 }],
    ["a wrong currency", "o1", { currency: "JPY" }],
    ["a charge that may still succeed", "o1", { isOpen: true }],
  ])("detects %s", (_, id, change) => {
    const sale = paidSale();
    Object.assign(sale.books.get(id) as BankRecord, change);
    expect(broken(sale)).toEqual([MONEY]);
  });

  test("detects a total that is not the price of the units", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, { quantity: 2 });
    Object.assign(sale.books.get("o1") as BankRecord, { charged: 2_400 });
    expect(broken(sale)).toContain(MONEY);
  });

  test("detects a charge that may still succeed for an expired order", () => {
    const sale = paidSale();
    Object.assign(sale.ledgerOrders[1] as LedgerOrder, { status: "expired" });
    const open = { charges: 0, charged: 0, refunds: 0, refunded: 0, isOpen: true };
    Object.assign(sale.books.get("o2") as BankRecord, open);
    expect(broken(sale)).toContain(MONEY);
  });

  test("detects a charge for an order missing from the ledger", () => {
    const sale = paidSale();
    sale.books.set("o9", sale.books.get("o1") as BankRecord);
    expect(broken(sale)).toEqual([MONEY]);
  });
});

describe("the proofs about the operator's refunds", () => {
  test("accept units that went back on sale and units that left the stock", () => {
    expect(broken(refundedSale())).toEqual([]);
  });

  test.each<[string, Partial<BankRecord>, string[]]>([
    ["a refund that the bank does not have", { refunds: 1, refunded: 1_200 }, [MONEY]],
    ["a refund that was made twice", { refunds: 3, refunded: 3_600 }, [MONEY]],
    ["a refund of too much", { refunded: 2_500 }, [MONEY]],
  ])("detect %s", (_, change, claims) => {
    const sale = refundedSale();
    Object.assign(sale.books.get("o3") as BankRecord, change);
    expect(broken(sale)).toEqual(claims);
  });

  test.each<[string, Partial<LedgerOrder>]>([
    ["a unit that stayed with the buyer", { refundedQuantity: 1 }],
    ["too little money", { refunded: { amount: 1_200, currency: "USD" } }],
    ["an order that was not refunded in full", { status: "refunded" }],
    ["a refund that is still due", { payment: "refund_due" }],
  ])("detect %s", (_, change) => {
    const sale = refundedSale();
    Object.assign(sale.ledgerOrders[2] as LedgerOrder, change);
    expect(broken(sale)).toContain(REFUNDS);
  });

  test("detect a withdrawn unit that is sold again", () => {
    const sale = refundedSale();
    sale.after = { ...sale.after, stocked: 5, available: 3 };
    expect(broken(sale)).toEqual([BALANCE]);
  });

  test("detect a returned unit that still counts as sold", () => {
    const sale = refundedSale();
    sale.after = { ...sale.after, available: 1, sold: 3 };
    expect(broken(sale)).toEqual([SOLD]);
  });

  test("detect a unit that is not back on sale although the operator returned it", () => {
    const sale = refundedSale();
    const [returned] = sale.refunds as [OperatorRefund];
    const soldOut = { ...answer(409, { ...order("none"), code: "sold_out" }), ms: 5 };
    const late = { ...soldOut, sentAt: returned.returnedAt + 4_000 };
    const dan = { user: "dan", key: "d", quantity: 1, answers: [late], outcomeUnknown: false };
    sale.purchases = [...sale.purchases, dan];
    expect(broken(sale)).toContain(
      "units are sold and refused as if buyers came one after another",
    );
  });
});

describe("the proof about holds", () => {
  /** Ann's order was paid with this method, and ended with this status. */
  function saleWith(method: Method, status: LedgerOrder["status"]): Evidence {
    const sale = paidSale();
    for (const purchase of sale.purchases) purchase.method = "good";
    Object.assign(sale.purchases[0] as Evidence["purchases"][number], { method });
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, { status });
    Object.assign(sale.ledgerOrders[1] as LedgerOrder, { status: "confirmed" });
    return sale;
  }

  test.each<[Method, LedgerOrder["status"]]>([
    ["good", "expired"],
    ["slow", "expired"],
    ["fails once", "cancelled"],
    ["charges, answer lost", "refunded"],
  ])("detects an order that was paid by a card that is %s, and is %s", (method, status) => {
    expect(broken(saleWith(method, status))).toContain(HOLDS);
  });

  test.each<[Method, LedgerOrder["status"]]>([
    ["good", "confirmed"],
    ["declined", "expired"],
    ["asks", "expired"],
  ])("accepts an order that was paid by a card that is %s, and is %s", (method, status) => {
    expect(broken(saleWith(method, status))).not.toContain(HOLDS);
  });

  test("detects an order that expired although its buyer answered the bank", () => {
    const sale = saleWith("asks", "expired");
    expect(broken({ ...sale, authenticated: new Set(["o1"]) })).toContain(HOLDS);
  });

  test("accepts that a buyer cancels an order while it is charged", () => {
    const sale = saleWith("good", "refunded");
    const action = { kind: "cancel", user: "ann", sku: "coupon", id: "o1" } as const;
    sale.orderActions = [{ ...action, answer: answer(200, order("o1")) }];
    expect(broken(sale)).not.toContain(HOLDS);
  });
});
