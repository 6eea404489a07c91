// The units of a SKU with lanes, over histories in which everything goes wrong.
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MOST_LANES, Model, type Step } from "./model.ts";

const nth = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("buy"),
      user: fc.nat(11),
      key: fc.nat(3),
      isLate: fc.boolean(),
      quantity: fc.constantFrom(1, 1, 1, 2),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("deliver", "answer"), nth }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("lose", "repeat", "lose answer"), nth }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("free", "sell", "withdraw", "late money"), nth }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill"), node: fc.nat(MOST_LANES - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("set stock"), stock: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("alarm") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("change lanes"),
      lanes: fc.integer({ min: 1, max: MOST_LANES }),
    }),
  },
) as fc.Arbitrary<Step>;

test("lanes whose number changes keep every unit and buyer, sell none twice, and say sold out only if none is free, in 20,000 histories", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: MOST_LANES }),
      fc.nat(24),
      fc.array(step, { maxLength: 60, size: "max" }),
      async (lanes, stock, steps) => {
        const model = new Model(lanes, stock);
        for (const each of steps) await model.step(each);
        expect(model.faults).toEqual([]);
        await model.settle();
        expect(model.faults).toEqual([]);
        expect([model.returning, model.withdrawn]).toEqual([0, 0]);
        expect(model.total).toBe(model.stock);
        // Whoever comes now gets a unit exactly if one is free.
        const { free, taken } = model;
        await model.step({ do: "buy", user: 100, key: 0, quantity: 1, isLate: false });
        await model.settle();
        expect(model.taken - taken).toBe(free > 0 ? 1 : 0);
        expect(model.faults).toEqual([]);
      },
    ),
    { numRuns: 20_000 },
  );
}, 600_000);
