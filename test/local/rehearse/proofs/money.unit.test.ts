// The proof about money: fabricated evidence of each violation is detected, and correct evidence passes.
import { describe, expect, test } from "vitest";
import type { BankEntry, LedgerOrder } from "../../../../src/local/client.ts";
import { broken, paidSale } from "../evidence.ts";

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
});
