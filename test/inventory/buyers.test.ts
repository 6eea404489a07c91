// The list of a SKU's buyers that edges get: no buyer is taken for a stranger, few strangers for buyers, and
// the object serves others while it makes the list.
import fc from "fast-check";
import { expect, test } from "vitest";
import { BuyerFilter, Buyers, buyerHash, MAX_RECENT } from "../../src/inventory/buyers.ts";

const users = fc.array(fc.string({ unit: "binary", maxLength: 128 }));

function buyersOf(ids: Iterable<string>): Buyers {
  const buyers = new Buyers();
  for (const id of ids) buyers.add(id);
  return buyers;
}

const many = (count: number, name = "buyer") =>
  Array.from({ length: count }, (_, i) => `${name}-${i}`);

test("every buyer is known, from the filter or by name", async () => {
  await fc.assert(
    fc.asyncProperty(users, users, async (early, late) => {
      const buyers = buyersOf(early);
      const filter = BuyerFilter.parse(String(await buyers.filter()));
      for (const user of late) buyers.add(user);

      const told = buyers.summarySince(filter?.count ?? -1);

      for (const user of [...early, ...late]) {
        expect(buyers.mayHave(user)).toBe(true);
        const hash = buyerHash(user);
        expect(told?.recent.includes(hash) || filter?.mayHave(hash)).toBe(true);
      }
    }),
  );
});

test("a buyer who comes while the filter is made is told by name", async () => {
  const buyers = buyersOf(many(30_000));
  const making = buyers.filter();
  buyers.add("late");
  const filter = await making;
  expect(filter.count).toBe(30_000);
  expect(buyers.summarySince(filter.count)?.recent).toEqual([buyerHash("late")]);
});

test("too many since the last filter are not told by name", () => {
  const buyers = buyersOf(many(5 * MAX_RECENT));
  expect(buyers.summarySince(4 * MAX_RECENT)?.recent).toHaveLength(MAX_RECENT);
  expect(buyers.summarySince(4 * MAX_RECENT - 1)).toBeUndefined();
  expect(buyers.summarySince(buyers.size)?.recent).toEqual([]);
});

test.each([1_000, 50_001, 1_000_000])(
  "a filter of %d buyers takes one stranger in fifty for one, at a byte a buyer",
  async (count) => {
    const filter = await buyersOf(many(count)).filter();
    const taken = many(20_000, "stranger").filter((id) => filter.mayHave(buyerHash(id)));
    expect(taken.length / 20_000).toBeLessThan(0.03);
    expect(filter.bytes).toBe(count);
    expect(BuyerFilter.parse(String(filter))?.mayHave(buyerHash(`buyer-${count - 1}`))).toBe(true);
  },
);

test("others get their turn while a large filter is made", async () => {
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

test("a filter that is cut short or garbled is none: it would refuse buyers", async () => {
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

test("nobody is a buyer where nobody bought", async () => {
  const buyers = new Buyers();
  expect(buyers.mayHave("ann")).toBe(false);
  expect((await buyers.filter()).mayHave(buyerHash("ann"))).toBe(false);
});

test("user ids that collide in 32 bits are two buyers", () => {
  const hashes = new Set(many(200_000).map(buyerHash)); // in 32 bits some five pairs of these would collide
  expect(hashes.size).toBe(200_000);
});
