// When an object publishes at once that its last unit is sold, because people who wait in line learn the end from that.
import { describe, expect, test } from "vitest";
import type { Setup } from "../../src/inventory/decide-stock.ts";
import { isSoldForGood } from "../../src/inventory/live-stock.ts";

const SPREADING = 0;
const POOLING = 1;

function setup(amount: number, phase?: number): Setup {
  const terms = { unitPrice: { amount, currency: "USD" } } as Setup["terms"];
  const share = { lane: 1, of: 2, received: 4, returned: 0, phase: phase ?? 0 };
  return { skuId: "sku", revision: 1, stocked: 4, terms, ...(phase !== undefined && { share }) };
}

const units = (held: number, sold: number) => ({ stocked: 4, held, sold });

describe("the last unit is sold for good", () => {
  test("once all orders are paid", () => {
    expect(isSoldForGood(setup(100), units(0, 3))).toBe(false);
    expect(isSoldForGood(setup(100), units(1, 3))).toBe(false);
    expect(isSoldForGood(setup(100), units(0, 4))).toBe(true);
  });

  test("once all are ordered, if they are free", () => {
    expect(isSoldForGood(setup(0), units(1, 3))).toBe(true);
  });

  test("at the root of lanes, once it knows that the others have none", () => {
    expect(isSoldForGood(setup(100), units(0, 4), false)).toBe(false);
    expect(isSoldForGood(setup(100), units(0, 4), true)).toBe(true);
  });

  test("in another lane, once its last hold was paid near the sell-out", () => {
    expect(isSoldForGood(setup(100, POOLING), units(1, 3))).toBe(false);
    expect(isSoldForGood(setup(100, POOLING), units(0, 4))).toBe(true);
    expect(isSoldForGood(setup(100, SPREADING), units(0, 4))).toBe(false);
    // Of free units, the root alone says it: they never come back.
    expect(isSoldForGood(setup(0, POOLING), units(0, 4))).toBe(false);
  });
});
