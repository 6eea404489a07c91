// The remembered keys of series are those that `keyOf` makes, whatever was counted before.
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyMemory } from "../../src/observability/key-memory.ts";
import { areFit, keyOf } from "../../src/observability/series.ts";

const label = fc.oneof(
  fc.constantFrom("", "sale", "spring-drop", "a|b", "x".repeat(65)),
  fc.string({ maxLength: 3 }),
);
const series = fc.record({
  name: fc.constantFrom("orders" as const, "cache" as const),
  labels: fc.array(label, { maxLength: 3 }),
});

test("a key is the same whether it is remembered or not, and unfit labels have none", () => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 50 }), (all) => {
      const memory = new KeyMemory();
      for (const { name, labels } of [...all, ...all]) {
        const expected = areFit(labels) ? keyOf(name, labels) : undefined;
        expect(memory.keyOf(name, labels)).toBe(expected);
      }
    }),
  );
});

test("more sales than are remembered have keys of their own", () => {
  const memory = new KeyMemory();
  const keys = Array.from({ length: 5_000 }, (_, i) => memory.keyOf("orders", ["sold", `s${i}`]));
  expect(new Set(keys).size).toBe(5_000);
  expect(memory.keyOf("orders", ["sold", "s0"])).toBe(keys[0]);
});
