// What each person has of a whole sale, and whether that is what its allowances count.
import fc from "fast-check";
import { expect, test } from "vitest";
import { SaleTally } from "../../../src/admin/report/sale-tally.ts";
import type { AuditedOrder } from "../../../src/inventory/audit.ts";

const order = (userId: string, units: number, status = "confirmed") =>
  ({ userId, units, status }) as AuditedOrder;

const entry = fc.record({
  userId: fc.constantFrom("ann", "bob", "cyd"),
  units: fc.nat(3),
  status: fc.constantFrom("reserved", "confirmed", "cancelled", "expired", "refunded"),
});

test("people have what their reserved and confirmed orders have, in any order of the rows", () => {
  fc.assert(
    fc.property(fc.array(entry), fc.nat(4), (entries, limit) => {
      const tally = new SaleTally(limit);
      const units = new Map<string, number>();
      for (const { userId, units: count, status } of entries) {
        tally.add(order(userId, count, status));
        if (status !== "reserved" && status !== "confirmed") continue;
        units.set(userId, (units.get(userId) ?? 0) + count);
        tally.addCounted({ userId, skuId: "any", units: count });
      }
      expect(tally.facts(true)).toEqual({
        limit,
        mostPerPerson: Math.max(0, ...units.values()),
        overLimit: [...units.values()].filter((count) => count > limit).length,
        miscounted: 0,
      });
    }),
  );
});

test("whoever counts for more or less than they have is miscounted, if all allowances answered", () => {
  const tally = new SaleTally(5);
  tally.add(order("ann", 1));
  tally.addCounted({ userId: "ann", skuId: "m", units: 1 });
  tally.add(order("bob", 1));
  tally.addCounted({ userId: "cyd", skuId: "m", units: 1 });
  expect(tally.facts(true)).toMatchObject({ overLimit: 0, miscounted: 2 });
  expect(tally.facts(false)).toMatchObject({ overLimit: 0, miscounted: null });
});

test("nothing is said of a crowd that is too large to add up", () => {
  const tally = new SaleTally(1, 2);
  for (const userId of ["ann", "bob", "cyd"]) tally.add(order(userId, 9));
  expect(tally.facts(true)).toEqual({
    ...{ limit: 1, mostPerPerson: null, overLimit: null, miscounted: null },
  });
});
