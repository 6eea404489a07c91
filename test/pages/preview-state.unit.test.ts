// The stock that a preview shows in each state.
import { expect, test } from "vitest";
import { saleSchema } from "../../src/catalog/schema.ts";
import { stage } from "../../src/pages/preview-state.ts";

test("few units left are never more than the item has", () => {
  const unitPrice = { amount: 900, currency: "USD" };
  const skus = [1, 20].map((stock) => ({ id: `of-${stock}`, name: "Cup", unitPrice, stock }));
  const [opensAt, closesAt] = ["2027-03-01T09:00:00Z", "2027-03-01T12:00:00Z"];
  const sale = saleSchema.parse({ id: "cups", title: "Cups", opensAt, closesAt, skus });
  const { unavailable } = stage(sale, "few");
  expect(unavailable.get("of-1")).toEqual({ available: 1, state: "low" });
  expect(unavailable.get("of-20")).toEqual({ available: 3, state: "low" });
});
