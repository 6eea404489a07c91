// The number of an order: it leads back to the order, has no look-alikes, and is read as people write it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { newOrderId } from "../../src/inventory/order-id.ts";
import { NUMBER_SYMBOLS, numberOf, randomPartOf } from "../../src/inventory/order-number.ts";

const ids = fc.nat().map(() => newOrderId({ skuId: "runner-42", lane: 0 }));

test("leads back to the start of the id, however it is written", () => {
  fc.assert(
    fc.property(ids, fc.constantFrom("-", " ", ""), fc.boolean(), (id, dash, isLower) => {
      const number = numberOf(id);
      expect(number).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
      const written = ` ${number.replace("-", dash)} `;
      const random = randomPartOf(isLower ? written.toLowerCase() : written);
      expect(id.startsWith(`runner-42.0.${random}`)).toBe(true);
    }),
  );
});

test("has 32 symbols, of which none looks like another one", () => {
  expect(new Set(NUMBER_SYMBOLS).size).toBe(32);
  expect(NUMBER_SYMBOLS).not.toMatch(/[ILOU]/);
  expect(randomPartOf("OIL1-U000")).toBe(randomPartOf("0111-V000"));
});

test("numbers of ids that share a number are the same, and of others differ", () => {
  const [id, other] = ["a.0.k7qf2m9s000000000000", "b.3.k7qf2m9s111111111111"];
  expect(numberOf(id)).toBe(numberOf(other));
  expect(numberOf(id)).not.toBe(numberOf("a.0.k7qf2m9t000000000000"));
});

test.each(["", "K7QF", "K7QF-2M9", "K7QF-2M9XX", "K7QF--2M9X", "ß7QF-2M9X", "K7QF_2M9X", "?"])(
  "%j is no number",
  (text) => {
    expect(randomPartOf(text)).toBeUndefined();
  },
);
