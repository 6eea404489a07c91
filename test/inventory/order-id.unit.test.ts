// Order ids carry the address of their object and are unique. Other texts are not accepted as order ids.
import fc from "fast-check";
import { expect, test } from "vitest";
import { newOrderId, parseOrderId } from "../../src/inventory/order-id.ts";

const address = fc.record({
  skuId: fc.stringMatching(/^[a-z0-9-]{1,64}$/),
  lane: fc.integer({ min: 0, max: 999 }),
});

test("parsing an id returns its address, and the id needs no escaping in a URL", () => {
  fc.assert(
    fc.property(address, (where) => {
      const id = newOrderId(where);
      expect(parseOrderId(id)).toEqual(where);
      expect(encodeURIComponent(id)).toBe(id);
    }),
  );
});

test("ten thousand ids of one SKU are all different", () => {
  const ids = Array.from({ length: 10_000 }, () => newOrderId({ skuId: "hot", lane: 0 }));
  expect(new Set(ids).size).toBe(10_000);
});

test("random text has no address", () => {
  const ours = /^[a-z0-9-]{1,64}\.\d{1,3}\.[a-z0-9]{20}$/;
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })),
      (text) => {
        if (!ours.test(text)) expect(parseOrderId(text)).toBeUndefined();
      },
    ),
  );
});

test.each([
  "",
  "sku",
  "sku.0.",
  "sku.0.aaaaaaaaaaaaaaaaaaa",
  "sku.0.aaaaaaaaaaaaaaaaaaaaa",
  "sku.0.AAAAAAAAAAAAAAAAAAAA",
  "SKU.0.aaaaaaaaaaaaaaaaaaaa",
  "sku.-1.aaaaaaaaaaaaaaaaaaaa",
  "sku.1000.aaaaaaaaaaaaaaaaaaaa",
  "sku.0.aaaaaaaaaaaaaaaaaaaa\n",
  " sku.0.aaaaaaaaaaaaaaaaaaaa",
  "sku.0.0.aaaaaaaaaaaaaaaaaaaa",
  `${"s".repeat(65)}.0.aaaaaaaaaaaaaaaaaaaa`,
])("%j is not an order id", (text) => {
  expect(parseOrderId(text)).toBeUndefined();
});
