// How often the client looks at the live stock.
import { expect, test } from "vitest";
import { nextLook } from "../../src/client/live.ts";

const live = (
  state: "upcoming" | "open" | "closed",
  stock: "available" | "sold_out",
  opens = 0,
) => {
  const asOf = "2026-12-01T09:00:00.000Z";
  const unitPrice = { amount: 0, currency: "USD" };
  const opensAt = new Date(Date.parse(asOf) + opens).toISOString();
  const skus = [{ id: "sku", available: 1, held: 0, state: stock, unitPrice }];
  return { asOf, state, opensAt, closesAt: asOf, revision: 1, skus };
};

test("looks every few seconds while units are left, and rarely once they are sold", () => {
  expect(nextLook(live("open", "available"), 0, 0.5)).toBe(3_000);
  expect(nextLook(live("open", "sold_out"), 0, 0.5)).toBe(30_000);
});

test("looks again as an upcoming sale opens", () => {
  expect(nextLook(live("upcoming", "available", 10_000), 0, 0.5)).toBe(10_000);
  expect(nextLook(live("upcoming", "available", 3_600_000), 0, 0.5)).toBe(30_000);
});

test("stops once the sale is over, and backs off while nothing answers", () => {
  expect(nextLook(live("closed", "available"), 0, 0.5)).toBeUndefined();
  expect(nextLook(undefined, 1, 0.5)).toBe(60_000);
});
