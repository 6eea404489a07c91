// The estimate of what a sale costs: what any bill must satisfy, whatever is sold to whomever.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beyondFree, billOf, inDollars, type Usage } from "../../src/cost/bill.ts";
import { PARTS, PRICES } from "../../src/cost/prices.ts";
import { KINDS, type Scenario, usageOf } from "../../src/cost/usage.ts";

const kind = fc.constantFrom(...KINDS);
const units = fc.integer({ min: 0, max: 50_000_000 });
const scenario: fc.Arbitrary<Scenario> = fc.record({
  visitors: fc.integer({ min: 0, max: 1_000_000_000 }),
  stock: units,
  paid: units,
  minutes: fc.integer({ min: 1, max: 44_640 }),
  colos: fc.integer({ min: 1, max: 1_000 }),
});
const usage = fc.record(
  Object.fromEntries(PARTS.map((part) => [part, fc.nat(1e12)])) as Record<
    keyof Usage,
    fc.Arbitrary<number>
  >,
);

describe("the bill", () => {
  test("never falls when more people come, more is sold, or it takes longer", () => {
    fc.assert(
      fc.property(scenario, scenario, kind, (one, other, of) => {
        const more = Object.fromEntries(
          Object.entries(one).map(([name, value]) => [
            name,
            Math.max(value, other[name as keyof Scenario]),
          ]),
        ) as unknown as Scenario;
        for (const plan of ["list", "paid"] as const) {
          const [small, large] = [one, more].map((each) => billOf(usageOf(each, of), plan).items);
          for (const [at, item] of (small ?? []).entries()) {
            expect(large?.[at]?.dollars).toBeGreaterThanOrEqual(item.dollars);
          }
        }
      }),
    );
  });

  test("is the sum of its parts, and no part is negative", () => {
    fc.assert(
      fc.property(usage, fc.constantFrom("list" as const, "paid" as const), (used, plan) => {
        const { items, dollars } = billOf(used, plan);
        expect(items.map(({ name }) => name)).toEqual(PARTS);
        expect(dollars).toBeCloseTo(
          items.reduce((sum, item) => sum + item.dollars, 0),
          6,
        );
        for (const item of items) expect(item.dollars).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("is never higher with what the plan includes than at list prices", () => {
    fc.assert(
      fc.property(usage, (used) => {
        const list = billOf(used);
        for (const [at, item] of billOf(used, "paid").items.entries()) {
          expect(item.dollars).toBeLessThanOrEqual(list.items[at]?.dollars ?? 0);
        }
      }),
    );
  });

  test("charges what lies beyond the included amount, and not one unit less", () => {
    const { included, dollars } = PRICES.requests;
    expect(billOf({ requests: included }, "paid").dollars).toBe(0);
    expect(billOf({ requests: included + 1_000_000 }, "paid").dollars).toBeCloseTo(0.3, 10);
    expect(billOf({ requests: 1_000_000 }).dollars).toBeCloseTo(dollars * 1_000_000, 10);
  });
});

test("a naive design is never cheaper than one without a line", () => {
  fc.assert(
    fc.property(scenario, (each) => {
      const [open, naive] = (["open", "naive"] as const).map((of) => usageOf(each, of));
      for (const part of PARTS) expect(naive?.[part]).toBeGreaterThanOrEqual(open?.[part] ?? 0);
    }),
  );
});

test("a free plan suffices up to its limit, and names the part that exceeds it", () => {
  const atLimit = Object.fromEntries(
    PARTS.map((part) => [part, Math.min(PRICES[part].free, 1e12)]),
  ) as Usage;
  expect(beyondFree(atLimit)).toEqual([]);
  const limited = PARTS.filter((part) => Number.isFinite(PRICES[part].free));
  for (const part of limited) {
    expect(beyondFree({ ...atLimit, [part]: atLimit[part] + 1 })).toEqual([part]);
  }
});

test("an amount below a cent is not shown as nothing", () => {
  expect([0, 0.004, 0.01, 1234.5].map(inDollars)).toEqual([
    "$0.00",
    "less than $0.01",
    "$0.01",
    "$1,234.50",
  ]);
});
