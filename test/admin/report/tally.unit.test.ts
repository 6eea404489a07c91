// The sums of the report: right for every sale, whatever its orders are, and suspicious of every contradiction.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checksOf } from "../../../src/admin/report/checks.ts";
import type { LedgerFacts, SkuFacts } from "../../../src/admin/report/document.ts";
import { ledgerFacts } from "../../../src/admin/report/ledger-facts.ts";
import { agrees, faultOf, MoneyTally } from "../../../src/admin/report/money.ts";
import { SkuTally } from "../../../src/admin/report/tally.ts";
import { Timeline } from "../../../src/admin/report/timeline.ts";
import type { DrawCheck } from "../../../src/admission/verify-draw.ts";
import type { AuditedOrder } from "../../../src/inventory/audit.ts";
import type { LedgerReport } from "../../../src/inventory/report.ts";

const START = Date.parse("2027-03-01T09:00:00Z");

const anOrder = (changes: Partial<AuditedOrder> = {}): AuditedOrder => ({
  userId: "ann",
  orderId: "order-1",
  saleId: "sale",
  status: "confirmed",
  units: 1,
  currency: "USD",
  total: 0,
  refunded: 0,
  createdAt: START,
  traces: {},
  ...changes,
});

const order: fc.Arbitrary<AuditedOrder> = fc
  .record({
    userId: fc.constantFrom("ann", "bob", "cyd", "dan"),
    status: fc.constantFrom("reserved", "confirmed", "cancelled", "expired", "refunded"),
    units: fc.integer({ min: 0, max: 4 }),
    createdAt: fc.integer({ min: START - 1_000, max: START + 86_400_000 }),
  })
  .map((fields) => anOrder(fields as Partial<AuditedOrder>));
const inKeyOrder = fc
  .array(order, { maxLength: 60 })
  .map((orders) => orders.sort((a, b) => (a.userId < b.userId ? -1 : 1)));

const sumOf = (orders: readonly AuditedOrder[]): number =>
  orders.reduce((sum, { units }) => sum + units, 0);
const owned = ({ status }: AuditedOrder) => status === "reserved" || status === "confirmed";

describe("the orders of a ledger", () => {
  test("add up to the units held and sold, and to what the person with the most has", () => {
    fc.assert(
      fc.property(inKeyOrder, fc.integer({ min: 1, max: 5 }), (orders, limit) => {
        const tally = new SkuTally(limit);
        for (const each of orders) tally.add(each);
        const counted = tally.end();
        const people = Object.values(Object.groupBy(orders.filter(owned), (each) => each.userId));
        const units = people.map((own) => sumOf(own ?? []));
        expect(counted).toMatchObject({
          held: sumOf(orders.filter(({ status }) => status === "reserved")),
          sold: sumOf(orders.filter(({ status }) => status === "confirmed")),
          people: units.filter((count) => count > 0).length,
          mostPerPerson: Math.max(0, ...units),
          overLimit: units.filter((count) => count > limit).length,
        });
      }),
    );
  });

  test("keep every unit on the timeline, which has at most 120 steps however long the sale", () => {
    fc.assert(
      fc.property(inKeyOrder, (orders) => {
        const timeline = new Timeline(START);
        for (const { createdAt, units } of orders) timeline.add(createdAt, units);
        const { units } = timeline.view();
        expect(units.reduce((sum, count) => sum + count, 0)).toBe(sumOf(orders));
        expect(units.length).toBeLessThanOrEqual(120);
      }),
    );
  });
});

test("shows a quick sell-out by the second and a long sale in longer steps", () => {
  const timeline = new Timeline(START);
  timeline.add(START + 500, 3);
  timeline.add(START + 2_000, 1);
  expect(timeline.view()).toMatchObject({ stepSeconds: 1, units: [3, 0, 1] });
  timeline.add(START + 200_000, 5);
  expect(timeline.view()).toMatchObject({ stepSeconds: 2 });
  expect(timeline.view().units.slice(0, 2)).toEqual([3, 1]);
});

describe("money", () => {
  test.each<[string, Partial<AuditedOrder>]>([
    ["is confirmed, but was not charged", { payment: "due" }],
    ["is confirmed, but was not charged", {}],
    ["is cancelled, but its money was kept", { status: "cancelled", payment: "charged" }],
    ["is expired, but its money was kept", { status: "expired", payment: "charged" }],
    [
      "is refunded, but not all of its money",
      { status: "refunded", payment: "refunded", refunded: 99 },
    ],
    ["more was refunded than paid", { payment: "charged", refunded: 101 }],
    ["the refund failed", { payment: "refund_failed" }],
  ])("names an order that %s", (fault, changes) => {
    expect(faultOf(anOrder({ total: 100, ...changes }))).toBe(fault);
  });

  test("finds no fault with a refund that is sent again after a bank returned it", () => {
    const again = { status: "refunded", payment: "refund_due", refunded: 0 } as const;
    expect(faultOf(anOrder({ total: 100, ...again }))).toBe(undefined);
  });

  test.each<Partial<AuditedOrder>>([
    { payment: "charged" },
    { payment: "charged", refunded: 40 },
    { payment: "refund_due" },
    { status: "refunded", payment: "refunded", refunded: 100 },
    { status: "cancelled", payment: "voided" },
    { status: "expired", payment: "refund_due" },
    { status: "reserved" },
    { total: 0 },
  ])("accepts an order such as %j", (changes) => {
    const tally = new MoneyTally();
    tally.add(anOrder({ total: 100, ...changes }));
    const { faults, totals } = tally.facts();
    expect(faults).toEqual([]);
    expect(totals.every(agrees)).toBe(true);
  });

  test("is added up by currency", () => {
    const tally = new MoneyTally();
    tally.add(anOrder({ total: 100, payment: "charged", refunded: 30 }));
    tally.add(anOrder({ total: 500, payment: "charged", currency: "JPY" }));
    tally.add(anOrder({ total: 7, payment: "refund_due", status: "expired" }));
    expect(tally.facts()).toMatchObject({
      open: 1,
      totals: [
        { currency: "USD", charged: 107, refunded: 30, sold: 70, toReturn: 7 },
        { currency: "JPY", charged: 500, refunded: 0, sold: 500, toReturn: 0 },
      ],
    });
  });
});

describe("a statement", () => {
  const LEDGER: LedgerFacts = {
    ...{ stocked: 5, available: 2, held: 1, sold: 2, withdrawn: 0 },
    ...{ isMoving: false, refundsFailed: 0, mismatches: 0, refundsDue: 0, uncounted: 0 },
  };
  const aSku = (ledger: Partial<LedgerFacts> | null, counted = {}): SkuFacts => ({
    id: "sneaker",
    name: "Sneaker",
    unitPrice: { amount: 0, currency: "USD" },
    perUserLimit: 1,
    ledger: ledger && { ...LEDGER, ...ledger },
    counted: { ...new SkuTally(1).end(), held: 1, sold: 2, mostPerPerson: 1, ...counted },
  });
  const NO_MONEY = new MoneyTally().facts();
  const statement = (name: string, sku: SkuFacts, money = NO_MONEY) =>
    checksOf({ skus: [sku], formerSkus: [], money }).find((check) => check.name === name)?.holds;

  test("about the stock holds only if the counters and the orders agree", () => {
    expect(statement("stock", aSku({}))).toBe(true);
    expect(statement("stock", aSku({}, { sold: 3 }))).toBe(false);
    expect(statement("stock", aSku({ available: 3 }))).toBe(false);
    expect(statement("stock", aSku({ stocked: 2, available: -1 }))).toBe(false);
  });

  test("is unknown while units move, or when a ledger did not answer", () => {
    expect(statement("stock", aSku({ isMoving: true }, { sold: 3 }))).toBe("unknown");
    for (const name of ["stock", "limits", "money"]) {
      expect(statement(name, aSku(null))).toBe("unknown");
    }
  });

  test("is unknown if one buyer gave a unit back, and another took it, while the orders were read", () => {
    const before = {
      ...{ stocked: 1, available: 0, held: 1, sold: 0, uncounted: 0 },
      ...{
        units: { reserved: 1, cancelled: 0 },
        refundsFailed: [],
        mismatches: [],
        refundsDue: [],
      },
    } as unknown as LedgerReport;
    const swapped = { ...before, units: { reserved: 1, cancelled: 1 } };
    const between = { held: 0, sold: 0 };
    expect(statement("stock", aSku(ledgerFacts(before, swapped, 0), between))).toBe("unknown");
    expect(statement("stock", aSku(ledgerFacts(before, before, 0), between))).toBe(false);
  });

  test("about stock and money needs the ledgers of items that left the sale", () => {
    const left = { skus: [aSku({})], formerSkus: [aSku(null)], money: NO_MONEY };
    expect(checksOf(left)).toMatchObject([
      { name: "stock", holds: "unknown" },
      { name: "limits", holds: true },
      { name: "money", holds: "unknown" },
    ]);
    const broken = { ...left, formerSkus: [aSku({ stocked: 2 })] };
    expect(checksOf(broken)[0]).toMatchObject({ name: "stock", holds: false });
  });

  test("about limits fails for one person above the limit", () => {
    expect(statement("limits", aSku({}))).toBe(true);
    expect(statement("limits", aSku({}, { overLimit: 1 }))).toBe(false);
  });

  test("about money is unknown while a payment is under way, and fails for a foreign payment", () => {
    expect(statement("money", aSku({}))).toBe(true);
    expect(statement("money", aSku({}), { ...NO_MONEY, open: 1 })).toBe("unknown");
    expect(statement("money", aSku({ mismatches: 1 }))).toBe(false);
  });

  test("about a draw is unknown before it is revealed, and fails if one check fails", () => {
    const about = (draw: DrawCheck[] | null) =>
      checksOf({ skus: [], formerSkus: [], money: NO_MONEY, draw }).at(-1);
    const fine = { name: "document", ok: true, detail: "" } as const;
    expect(about([fine])).toMatchObject({ name: "draw", holds: true });
    expect(about([fine, { name: "revealed", ok: false, detail: "" }])?.holds).toBe("unknown");
    expect(about([fine, { name: "signature", ok: false, detail: "" }])?.holds).toBe(false);
    expect(about(null)?.holds).toBe("unknown");
    expect(checksOf({ skus: [], formerSkus: [], money: NO_MONEY }).at(-1)?.name).not.toBe("draw");
  });
});
