// The payment of an order, as its owner sees it, and the methods that they try.
import { describe, expect, test } from "vitest";
import { shownAttempts } from "../../src/inventory/attempts.ts";
import { decidePay, toPaymentView } from "../../src/inventory/decide-pay.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { anOffer } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

test.each([
  ["a free order takes no payment method", 0, 0],
  ["an unpaid order takes five", 100, 5],
])("%s", (_, price, attemptsLeft) => {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(1, price) });
  model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b" });
  const [row] = model.orders.values();
  expect(toPaymentView(row as OrderRow)).toEqual({ state: "none", attemptsLeft });
});

test.each([
  ["after a decline", { status: "reserved", payment: { state: "declined", attempt: 2 } }, 3],
  ["after the last decline", { status: "reserved", payment: { state: "declined", attempt: 5 } }, 0],
  ["instead of an answer", { status: "reserved", payment: { state: "action_required" } }, 4],
  ["before any payment", { status: "reserved", payment: null }, undefined],
  ["during a charge", { status: "reserved", payment: { state: "due", attempt: 1 } }, undefined],
  ["after the hold ended", { status: "expired", payment: { state: "declined" } }, undefined],
  [
    "at the shop's own checkout",
    { status: "reserved", payment: { state: "declined", isExternal: true as const } },
    undefined,
  ],
])("shows on the order how many methods may be tried: %s", (_, row, attemptsLeft) => {
  expect(shownAttempts(row)).toEqual(attemptsLeft === undefined ? {} : { attemptsLeft });
});

const CHARGE_ID = "charge";
const DECLINED = { outcome: "declined", reason: "card_declined", chargeId: CHARGE_ID } as const;
const ASKED = {
  outcome: "action_required",
  chargeId: CHARGE_ID,
  clientSecret: "secret",
} as const;

/** Given an order that was paid with each of these methods in turn, and what became of each. */
function givenMethods(...answers: [token: string, money: typeof DECLINED | typeof ASKED][]) {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(1, 100) });
  model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b" });
  for (const [each, money] of answers) {
    model.apply({ do: "pay", order: 0, token: each });
    model.apply({ do: "settle", order: 0, money });
  }
  const row = [...model.orders.values()][0] as OrderRow;
  return (next: string) => decidePay(row, next, model.now);
}

describe("a payment method that arrives again", () => {
  const USED = { ok: false, reason: "method_used" };

  test("is refused after its decline, and uses up no attempt", () => {
    const pay = givenMethods(["pm_a", DECLINED]);
    expect(pay("pm_a")).toEqual(USED);
    expect(pay("pm_b")).toMatchObject({ ok: true, row: { payment: { attempt: 2 } } });
  });

  test("is refused after a later one was declined as well, so that a late repetition charges nothing", () => {
    const pay = givenMethods(["pm_a", DECLINED], ["pm_b", DECLINED]);
    expect([pay("pm_a"), pay("pm_b")]).toEqual([USED, USED]);
  });

  test("does not replace the question of a newer one", () => {
    const pay = givenMethods(["pm_a", DECLINED], ["pm_b", ASKED]);
    expect(pay("pm_a")).toEqual(USED);
  });

  test("is looked up while the bank asks", () => {
    const pay = givenMethods(["pm_a", ASKED]);
    expect(pay("pm_a")).toMatchObject({ changed: true, row: { payment: { state: "due" } } });
    expect(pay("pm_a")).toMatchObject({ row: { payment: { attempt: 1 } } });
  });
});
