// Refunds of the operator's and of the shop at its provider under random histories: answers get lost, come late or twice, and
// some refunds fail. In the end the bank and the orders must agree about every cent and every unit.
import fc from "fast-check";
import { expect, test } from "vitest";
import { moneyStep } from "../../src/inventory/decide-outcome.ts";
import type { RefundResult } from "../../src/inventory/decide-refund.ts";
import { type OrderRow, toOrder, totalOf } from "../../src/inventory/order.ts";
import { dueRefund, type Refund } from "../../src/inventory/returns.ts";
import { anOffer } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

const PRICE = 100;
const STOCK = 20;
/** The bank of the buyer never takes this refund. */
const FAILS = "r4";

/** A provider that returns each refund once, by its id, and never more than was charged. */
class Bank {
  /** Refunds by id, for each order. */
  readonly #made = new Map<string, Map<string, number>>();

  /** Refunds that the bank of the buyer returned after their success. */
  readonly #sentBack = new Set<string>();

  sendBack({ orderId }: OrderRow, id: string): void {
    this.#made.get(orderId)?.delete(id);
    this.#sentBack.add(`${orderId} ${id}`);
  }

  returned({ orderId }: OrderRow): number {
    return [...(this.#made.get(orderId)?.values() ?? [])].reduce((sum, amount) => sum + amount, 0);
  }

  refund(row: OrderRow, { id, amount }: Pick<Refund, "id" | "amount">, at: number): RefundResult {
    const made = this.#made.get(row.orderId) ?? new Map<string, number>();
    this.#made.set(row.orderId, made);
    const before = this.returned(row);
    const left = totalOf(row).amount - before;
    if (made.has(id) || (left === 0 && !this.#sentBack.has(`${row.orderId} ${id}`)))
      return { outcome: "refunded", returned: { amount: before, at } };
    const isSentBack = this.#sentBack.has(`${row.orderId} ${id}`);
    if (id === FAILS || amount > left || isSentBack) {
      return { outcome: "refund_failed", reason: "refused", returned: { amount: before, at } };
    }
    made.set(id, amount);
    return { outcome: "refunded", returned: { amount: before + amount, at } };
  }
}

type Step =
  | { do: "refund"; order: number; id: string; quantity?: number; backOnSale: boolean }
  | { do: "visit"; order: number; answer: "arrives" | "is lost" | "comes late" | "comes twice" }
  | { do: "atProvider"; order: number; amount: number; isReported: boolean }
  | { do: "sendBack"; order: number; id: string };

const order = fc.nat(2);
const ids = fc.constantFrom("r1", "r2", "r3", FAILS, "r5", "r6");

const refund: fc.Arbitrary<Step> = fc.record(
  {
    do: fc.constant("refund" as const),
    order,
    id: ids,
    quantity: fc.integer({ min: 0, max: 4 }),
    backOnSale: fc.boolean(),
  },
  { requiredKeys: ["do", "order", "id", "backOnSale"] },
);
const visit: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("visit" as const),
  order,
  answer: fc.constantFrom("arrives", "arrives", "is lost", "comes late", "comes twice"),
});
const atProvider: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("atProvider" as const),
  order,
  amount: fc.integer({ min: 1, max: 250 }),
  isReported: fc.boolean(),
});

const sendBack: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("sendBack" as const),
  order,
  id: ids,
});
/** Answers that come while the refund is as they found it. */
const timely: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("visit" as const),
  order,
  answer: fc.constantFrom("arrives", "is lost", "comes twice"),
});

interface Shop {
  model: LedgerModel;
  bank: Bank;
  /** Calls that deliver late answers and reports. */
  late: (() => void)[];
  /** How often the shop refunded at its provider. */
  elsewhere: number;
}

const rowAt = ({ model }: Shop, index: number): OrderRow =>
  [...model.orders.values()][index] as OrderRow;
const now = ({ model }: Shop, { orderId }: OrderRow): OrderRow =>
  model.orders.get(orderId) as OrderRow;

function visitOrder(shop: Shop, row: OrderRow, answer: (Step & { do: "visit" })["answer"]): void {
  const due = dueRefund(row);
  if (moneyStep(row) !== "refund" || !due) return;
  const result = shop.bank.refund(row, due, shop.model.now);
  const apply = () => shop.model.settleRefund(now(shop, row), result, due.id);
  if (answer === "comes late") shop.late.push(apply);
  else if (answer !== "is lost") apply();
  if (answer === "comes twice") apply();
}

/** Reports what the provider has returned by now. */
function reporter(shop: Shop, row: OrderRow): () => void {
  const total = { amount: shop.bank.returned(row), at: shop.model.now };
  return () => shop.model.reportReturned(now(shop, row), total);
}

function refundAtProvider(shop: Shop, row: OrderRow, amount: number, isReported: boolean): void {
  shop.elsewhere += 1;
  shop.bank.refund(row, { id: `shop ${shop.elsewhere}`, amount }, shop.model.now);
  const report = reporter(shop, row);
  shop.late.push(report);
  if (isReported) report();
}

/** The bank returns a refund that had succeeded, and the provider reports that. */
function sendRefundBack(shop: Shop, row: OrderRow, id: string): void {
  const refund = row.returns?.refunds.find((each) => each.id === id);
  if (refund?.state !== "succeeded") return;
  shop.bank.sendBack(row, id);
  shop.model.reportFailedRefund(row, id);
}

function take(shop: Shop, step: Step): void {
  const row = rowAt(shop, step.order);
  shop.model.now += 1;
  if (step.do === "refund") shop.model.apply(step);
  else if (step.do === "visit") visitOrder(shop, row, step.answer);
  else if (step.do === "sendBack") sendRefundBack(shop, row, step.id);
  else refundAtProvider(shop, row, step.amount, step.isReported);
}

/** What the outbox and the provider guarantee: every refund is visited until it is done, and every event comes. */
function drain(shop: Shop): void {
  shop.model.now += 1;
  for (const deliver of shop.late.reverse()) deliver();
  for (const { orderId } of shop.model.orders.values()) {
    for (let round = 0; round < 10; round += 1) {
      visitOrder(shop, shop.model.orders.get(orderId) as OrderRow, "arrives");
    }
    reporter(shop, shop.model.orders.get(orderId) as OrderRow)();
  }
}

/** Three confirmed orders of 1, 2 and 4 units. */
function givenShop(): Shop {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(STOCK, PRICE) });
  for (const [index, quantity] of [1, 2, 4].entries()) {
    const [user, token] = [`buyer ${index}`, "tok_a"];
    model.apply({ do: "reserve", user, quantity, key: "k", body: "b", token });
    const money = { outcome: "charged", chargeId: "c" } as const;
    model.apply({ do: "settle", order: index, money });
  }
  return { model, bank: new Bank(), late: [], elsewhere: 0 };
}

function always(steps: fc.Arbitrary<Step>, look: (shop: Shop) => void): void {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (history) => {
      const shop = givenShop();
      for (const step of history) take(shop, step);
      drain(shop);
      look(shop);
    }),
    { numRuns: 2_000 },
  );
}

const expectUnitsToBalance = ({ model }: Shop): void => {
  const { stocked, sold } = model.stock;
  const rows = [...model.orders.values()];
  const units = rows.reduce((sum, row) => sum + row.quantity - toOrder(row).refundedQuantity, 0);
  expect(sold).toBe(units);
  expect(stocked).toBe(STOCK - (model.setup?.withdrawn ?? 0));
  expect(stocked - sold).toBeGreaterThanOrEqual(0);
};

test("keeps exactly the money of the units that are still sold, after refunds of the operator's", () => {
  always(fc.oneof(refund, visit), (shop) => {
    for (const row of shop.model.orders.values()) {
      const { refunded, refundedQuantity, status } = toOrder(row);
      expect(refunded.amount).toBe(shop.bank.returned(row));
      expect(refunded.amount).toBe(refundedQuantity * PRICE);
      expect(status).toBe(refundedQuantity === row.quantity ? "refunded" : "confirmed");
      expect(moneyStep(row)).toBe("none");
    }
    expectUnitsToBalance(shop);
  });
});

test("agrees with the provider about all money returned, also beside refunds made there", () => {
  always(fc.oneof(refund, visit, atProvider), (shop) => {
    for (const row of shop.model.orders.values()) {
      const { refunded, total, status } = toOrder(row);
      expect(refunded.amount).toBe(shop.bank.returned(row));
      expect(refunded.amount).toBeLessThanOrEqual(total.amount);
      expect(status).toBe(refunded.amount === total.amount ? "refunded" : "confirmed");
      expect(moneyStep(row)).toBe("none");
    }
    expectUnitsToBalance(shop);
  });
});

test("raises money that a bank returned of units that are gone, until it is refunded again", () => {
  always(fc.oneof(refund, timely, sendBack), (shop) => {
    const rows = () => [...shop.model.orders.values()];
    const owed = (row: OrderRow) =>
      toOrder(row).refundedQuantity * PRICE - toOrder(row).refunded.amount;
    for (const [index, row] of rows().entries()) {
      expect(toOrder(row).refunded.amount).toBe(shop.bank.returned(row));
      if (owed(row) === 0) continue;
      expect(toOrder(row).payment).toBe("refund_failed");
      shop.model.apply({ do: "refund", order: index, id: "again", quantity: 0, backOnSale: true });
    }
    drain(shop);
    for (const row of rows()) expect(owed(row)).toBe(0);
    expectUnitsToBalance(shop);
  });
});
