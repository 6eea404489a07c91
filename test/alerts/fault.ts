// Shared by the tests of real faults: an open sale, and that an alert fires and ends.
import { expect } from "vitest";
import type { AlertView } from "../../src/alerts/client.ts";
import { inventory } from "../inventory/object.ts";
import { aSale, aSku, putSale } from "../support/shop.ts";
import { calmDown, type Day, ended, evaluate, firing } from "./watch.ts";

type Which = Pick<AlertView, "rule" | "about">;

export async function expectFiring(which: Which, shown: Partial<AlertView>): Promise<void> {
  expect(firing(await evaluate(), which)).toMatchObject(shown);
}

export async function expectCalm(which: Which): Promise<void> {
  expect(firing(await evaluate(), which)).toBeUndefined();
}

/** Expects that the alert ends within a minute, and that it fired once. */
export async function expectEnded(which: Which, day: Day): Promise<void> {
  const list = await calmDown(day);
  expect(firing(list, which)).toBeUndefined();
  expect(ended(list, which)).toHaveLength(1);
}

/** A sale of one SKU that is open. */
export async function givenSale(sku: Parameters<typeof aSku>[0] = {}) {
  const item = aSku(sku);
  const { id } = await putSale(aSale({ skus: [item] }));
  return { skuId: item.id, about: `sale/${id}`, saleId: id };
}

/**
 * Has the SKU's object publish its figures again, a second later: the clock stands still, and of two figures of the same
 * moment the larger one counts.
 */
export async function sampled(skuId: string, day: Day): Promise<void> {
  day.pass(1);
  await inventory(skuId).publicStock();
}
