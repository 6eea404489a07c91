// The estimate of what a sale costs.
import fc from "fast-check";
import { expect, test } from "vitest";
import { billOf } from "../../../src/local/preview/bill.ts";
import { eventCost } from "../../../src/local/setup/costs.ts";

const sku = fc.record({
  stock: fc.integer({ min: 0, max: 1_000_000 }),
  unitPrice: fc.record({ amount: fc.integer({ min: 0, max: 100_000 }) }),
});

test("rises with every unit, and paid units cost more than free ones", () => {
  const of = (stock: number, amount: number) =>
    billOf({ skus: [{ stock, unitPrice: { amount } }] });
  expect(of(0, 0)).toBe(0);
  expect(of(10_000, 0)).toBe(eventCost({ requests: 1_000_000, attempts: 50_000, orders: 10_000 }));
  expect(of(10_000, 1)).toBeGreaterThan(of(10_000, 0));
  fc.assert(
    fc.property(fc.array(sku, { maxLength: 5 }), sku, (skus, more) => {
      expect(billOf({ skus: [...skus, more] })).toBeGreaterThanOrEqual(billOf({ skus }));
    }),
  );
});
