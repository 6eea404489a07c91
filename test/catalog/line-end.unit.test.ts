// When an edge knows the end of a line by itself: from the stock that it reads with the line.
import { describe, expect, test } from "vitest";
import type { PublicLine } from "../../src/admission/public-line.ts";
import { lineByStock } from "../../src/catalog/line-end.ts";
import { START } from "../line/simulated-sale.ts";

const LINE = {
  ...{ opensAt: new Date(START).toISOString(), over: false, mayReturn: true },
  ...{ pollSeconds: 1, soonestEndSeconds: 0.5 },
} as PublicLine;
const skuOf = (id: string, amount: number) => ({ id, unitPrice: { amount, currency: "USD" } });
const SKUS = [skuOf("paid", 1_200), skuOf("free", 0)];

const shown = (stock: Record<string, [available: number, held: number]>, now = START) => {
  const known = Object.entries(stock).map(([id, [available, held]]) => {
    return [id, { available, held, buyers: undefined }] as const;
  });
  return lineByStock(LINE, SKUS, new Map(known), now);
};

test("the line is over once all SKUs are sold for good, and people look as rarely as after its end", () => {
  expect(shown({ paid: [0, 0], free: [0, 3] })).toMatchObject({
    ...{ over: true, mayReturn: false, pollSeconds: 30, soonestEndSeconds: 0 },
  });
});

describe("the line goes on", () => {
  test.each([
    ["while a unit is free", { paid: [0, 0], free: [1, 0] }, START],
    ["while an unpaid unit may come back", { paid: [0, 1], free: [0, 0] }, START],
    ["while the stock of a SKU is unknown", { paid: [0, 0] }, START],
    ["before the opening", { paid: [0, 0], free: [0, 0] }, START - 1],
  ] as [string, Record<string, [number, number]>, number][])("%s", (_, stock, now) => {
    expect(shown(stock, now)).toBe(LINE);
  });
});

test("a line that its controller ended stays over until the controller says otherwise", () => {
  const line = { ...LINE, over: true };
  const stock = new Map([["paid", { available: 1, held: 0, buyers: undefined }]]);
  expect(lineByStock(line, SKUS, stock, START)).toBe(line);
});
