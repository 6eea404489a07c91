// The published list of a SKU's buyers: it has no false negatives and few false positives, and the object serves
// other calls while it builds the list.
import fc from "fast-check";
import { expect, test } from "vitest";
import { BuyerFilter, buyerHash, MAX_RECENT } from "../../src/inventory/buyers.ts";
import { buyersOf } from "../support/buyers.ts";

const users = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 128 }));

const many = (count: number, name = "buyer") =>
  Array.from({ length: count }, (_, i) => `${name}-${i}`);

test("the filter and the recent list together contain every buyer", async () => {
  await fc.assert(
    fc.asyncProperty(users, users, async (early, late) => {
      const buyers = buyersOf(early);
      const filter = BuyerFilter.parse(String(await buyers.filter()));
      for (const user of late) buyers.add(user);

      const summary = buyers.summarySince(filter?.count ?? -1);

      for (const user of [...early, ...late]) {
        const hash = buyerHash(user);
        expect(summary?.recent.includes(hash) || filter?.mayHave(hash)).toBe(true);
      }
    }),
  );
});

test("a buyer who arrives while the filter is being built is in the recent list", async () => {
  const buyers = buyersOf(many(30_000));
  const making = buyers.filter();
  buyers.add("late");
  const filter = await making;
  expect(filter.count).toBe(30_000);
  expect(buyers.summarySince(filter.count)?.recent).toEqual([buyerHash("late")]);
});

test("there is no summary if too many buyers arrived since the last filter", () => {
  const buyers = buyersOf(many(5 * MAX_RECENT));
  expect(buyers.summarySince(4 * MAX_RECENT)?.recent).toHaveLength(MAX_RECENT);
  expect(buyers.summarySince(4 * MAX_RECENT - 1)).toBeUndefined();
  expect(buyers.summarySince(buyers.size)?.recent).toEqual([]);
});

test.each([1_000, 50_001, 1_000_000])(
  "a filter of %d buyers has under 3% false positives at one byte per buyer",
  async (count) => {
    const filter = await buyersOf(many(count)).filter();
    const mistaken = many(20_000, "stranger").filter((id) => filter.mayHave(buyerHash(id)));
    expect(mistaken.length / 20_000).toBeLessThan(0.03);
    expect(filter.bytes).toBe(count);
    expect(BuyerFilter.parse(String(filter))?.mayHave(buyerHash(`buyer-${count - 1}`))).toBe(true);
  },
);

test("other calls run while a large filter is being built", async () => {
  let turns = 0;
  let isDone = false;
  const filter = buyersOf(many(200_000)).filter();
  void filter.then(() => {
    isDone = true;
  });
  while (!isDone) {
    await scheduler.wait(0);
    turns += 1;
  }
  expect(turns).toBeGreaterThan(10);
});

test("a truncated or malformed filter is rejected, because it would refuse buyers", async () => {
  const text = String(await buyersOf(many(1_000)).filter());
  await fc.assert(
    fc.property(fc.nat(text.length - 1), (end) => {
      expect(BuyerFilter.parse(text.slice(0, end))).toBeUndefined();
    }),
  );
  const [, count, bytes] = text.split(".");
  for (const other of [
    "",
    "AAAA",
    `1.${count}.${bytes}`,
    `2.999.${bytes}`,
    `2.-1.${bytes}`,
    `2.1e3.${bytes}`,
    `2..${bytes}`,
    `2.NaN.${bytes}`,
  ]) {
    expect(BuyerFilter.parse(other)).toBeUndefined();
  }
});

test("an empty list contains no buyer", async () => {
  const buyers = buyersOf();
  expect((await buyers.filter()).mayHave(buyerHash("ann"))).toBe(false);
});

test("the hash has no collision among 200,000 users, where 32 bits would", () => {
  const hashes = new Set(many(200_000).map(buyerHash)); // about five pairs would collide in 32 bits
  expect(hashes.size).toBe(200_000);
});
