// Reports of the shop's own checkout in random histories: repeated, reordered, late, and with other references, while buyers
// reserve and cancel and holds end. The money that the shop keeps must match the confirmed orders.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFree } from "../../src/inventory/decide-order.ts";
import { moneyStep } from "../../src/inventory/decide-outcome.ts";
import { decideReport, type PaymentReport } from "../../src/inventory/decide-report.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { refuseUnpaid } from "../../src/inventory/unpaid-holds.ts";
import { anOffer, type Command, externalHistory } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

type Report = Command & { do: "report" };

/** The shop's books: what it charged and returned, and what it was told about each charge. */
class Shop {
  readonly model = new LedgerModel();
  readonly charged = new Set<string>();
  readonly returned = new Set<string>();
  /** Charges that the shop was told to return. */
  readonly due = new Set<string>();
  /** Charges that the shop was told to keep. */
  readonly kept = new Set<string>();

  apply(command: Command): void {
    if (command.do !== "report") return void this.model.apply(command);
    const row = [...this.model.orders.values()][
      command.order % Math.max(1, this.model.orders.size)
    ];
    if (row) this.#report(command, row);
  }

  /** Does what the shop was told to do. */
  returnMoney(): void {
    for (const key of this.due) {
      const [orderId = "", reference = ""] = key.split(" ");
      const row = this.model.orders.get(orderId) as OrderRow;
      this.#report({ do: "report", order: 0, report: { outcome: "refunded", reference } }, row);
    }
  }

  #report(command: Report, row: OrderRow): void {
    const { outcome, reference } = command.report;
    const key = `${row.orderId} ${reference}`;
    const action = this.model.report(command, row);
    // There is nothing to charge for a free order.
    expect(action === undefined).toBe(isFree(row));
    if (!action) return;
    if (outcome === "charged") this.charged.add(key);
    if (outcome === "refunded") this.returned.add(key);
    // The same report again gets the same action.
    const again = this.model.report(command, this.model.orders.get(row.orderId) as OrderRow);
    expect(again).toBe(action);
    if (outcome !== "charged") expect(action).toBe("none");
    else if (action === "refund") this.due.add(key);
    else if (!this.returned.has(key)) this.kept.add(key);
  }
}

const play = (history: Command[]): Shop => {
  const shop = new Shop();
  for (const command of history) shop.apply(command);
  return shop;
};

const confirmedIn = ({ model }: Shop) =>
  [...model.orders.values()].filter((row) => row.status === "confirmed" && !isFree(row));

test("the shop keeps exactly one charge of each confirmed order, and returns every other one once", () => {
  fc.assert(
    fc.property(externalHistory, (history) => {
      const shop = play(history);
      const { charged, returned, due, kept } = shop;
      expect([...kept].filter((key) => due.has(key))).toEqual([]);
      for (const key of charged)
        expect(due.has(key) || kept.has(key) || returned.has(key)).toBe(true);
      const owned = confirmedIn(shop).map((row) => `${row.orderId} ${row.payment?.chargeId}`);
      expect([...kept].filter((key) => !returned.has(key)).sort()).toEqual(owned.sort());

      shop.returnMoney();
      const held = [...charged].filter((key) => !returned.has(key));
      expect(held.sort()).toEqual(owned);
      for (const row of shop.model.orders.values())
        expect(row.payment?.state).not.toBe("refund_due");
    }),
    { numRuns: 3_000 },
  );
});

test("no report oversells, extends a hold, or leaves work for a payment gateway", () => {
  fc.assert(
    fc.property(externalHistory, (history) => {
      const { model } = play(history);
      for (const { before, after } of model.changes) {
        expect(moneyStep(after)).toBe("none");
        if (before) expect(after.expiresAt).toBe(before.expiresAt);
        expect(after.payment?.pause).toBeUndefined();
      }
      const { stocked, held, sold } = model.stock;
      expect(held + sold).toBeLessThanOrEqual(stocked);
    }),
  );
});

/** A shop with one reserved order of one unit, 100 USD each. */
function givenReserved(stock = 1): LedgerModel {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(stock, 100) });
  model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b" });
  return model;
}

const orderOf = (model: LedgerModel): OrderRow => [...model.orders.values()][0] as OrderRow;
const report = (
  model: LedgerModel,
  outcome: PaymentReport["outcome"],
  reference = "r1",
): string | undefined =>
  model.report({ do: "report", order: 0, report: { outcome, reference } }, orderOf(model));

describe("a late charge", () => {
  test("confirms an expired order while a unit is free", () => {
    const model = givenReserved();
    model.now += 10_000;
    model.apply({ do: "expire", order: 0 });
    expect(report(model, "charged")).toBe("none");
    expect(orderOf(model)).toMatchObject({ status: "confirmed", payment: { state: "charged" } });
  });

  test("is returned if another buyer has the unit", () => {
    const model = givenReserved();
    model.now += 10_000;
    model.apply({ do: "expire", order: 0 });
    model.apply({ do: "reserve", user: "bob", quantity: 1, key: "k", body: "b" });
    expect(report(model, "charged")).toBe("refund");
    expect(orderOf(model)).toMatchObject({ status: "expired", payment: { state: "refund_due" } });
    expect(report(model, "refunded")).toBe("none");
    expect(orderOf(model)).toMatchObject({ status: "refunded", payment: { state: "refunded" } });
  });

  test("is returned if its buyer cancelled", () => {
    const model = givenReserved();
    model.apply({ do: "cancel", order: 0 });
    expect(report(model, "charged")).toBe("refund");
    expect(orderOf(model)).toMatchObject({ status: "cancelled", payment: { state: "refund_due" } });
  });
});

test("a second charge of a confirmed order is returned, and the order does not change", () => {
  const model = givenReserved();
  report(model, "charged");
  const before = orderOf(model);
  expect(report(model, "charged", "r2")).toBe("refund");
  expect(report(model, "refunded", "r2")).toBe("none");
  expect(orderOf(model)).toBe(before);
});

test("a charge that was refunded before it was reported does not confirm the order", () => {
  const model = givenReserved();
  expect(report(model, "refunded")).toBe("none");
  expect(report(model, "charged")).toBe("none");
  expect(orderOf(model).status).toBe("reserved");
  expect(report(model, "charged", "r2")).toBe("none");
  expect(orderOf(model).status).toBe("confirmed");
});

test("a decline after the charge changes nothing", () => {
  const model = givenReserved();
  report(model, "charged");
  expect(report(model, "declined")).toBe("none");
  expect(orderOf(model).status).toBe("confirmed");
});

test("a charge is returned while a gateway may still complete a payment of the order", () => {
  const model = givenReserved();
  model.apply({ do: "pay", order: 0, token: "tok_a" });
  const before = orderOf(model);
  expect(report(model, "charged")).toBe("refund");
  expect(orderOf(model)).toBe(before);
});

test("an order that was declined at the shop's checkout can be paid with a token afterwards", () => {
  const model = givenReserved();
  report(model, "declined");
  model.apply({ do: "pay", order: 0, token: "tok_a" });
  expect(moneyStep(orderOf(model))).toBe("charge");
});

test.each([
  { amount: 99, currency: "USD" },
  { amount: 100, currency: "EUR" },
  { amount: 200, currency: "USD" },
])("refuses a report of $amount $currency for an order of 100 USD", (amount) => {
  const model = givenReserved();
  const row = orderOf(model);
  for (const outcome of ["charged", "declined", "refunded"] as const) {
    const decision = decideReport(
      model.stateOf("ann"),
      row,
      undefined,
      { outcome, reference: "r1", amount },
      model.now,
    );
    expect(decision).toEqual({ ok: false, reason: "payment_mismatch" });
  }
});

test("a hold with declined payments counts as unpaid for its whole length", () => {
  const model = givenReserved();
  report(model, "declined");
  model.now += 10_000;
  model.apply({ do: "expire", order: 0 });
  const expired = orderOf(model);
  const mine = [expired, { ...expired, orderId: "other" }];
  const terms = { unitPrice: expired.unitPrice, holdSeconds: 10 };
  expect(refuseUnpaid(mine, terms, "wait", model.now)).toMatchObject({ reason: "rate_limited" });
});
