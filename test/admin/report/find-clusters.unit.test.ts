// The search for orders that belong together: complete for those that do, and quiet about ordinary crowds.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  findClusters,
  MIN_ACCOUNTS,
  type Suspect,
} from "../../../src/admin/report/find-clusters.ts";
import { Suspects } from "../../../src/admin/report/suspects.ts";

const START = Date.parse("2027-03-01T09:00:00Z");

const aSuspect = (at: number, changes: Partial<Suspect> = {}): Suspect => ({
  orderId: `order-${at}`,
  userId: `user-${at}`,
  skuId: "sneaker",
  units: 1,
  createdAt: START + at,
  traces: {},
  ...changes,
});

const suspects = fc.array(
  fc
    .record({
      userId: fc.nat(40).map((n) => `user-${n}`),
      units: fc.integer({ min: 1, max: 3 }),
      createdAt: fc.nat(5_000).map((ms) => START + ms),
      network: fc.option(fc.constantFrom("n1", "n2", "n3"), { nil: undefined }),
      card: fc.option(fc.constantFrom("c1", "c2", "c3", "c4"), { nil: undefined }),
    })
    .map(({ network, card, ...rest }) => ({
      ...rest,
      traces: { ...(network && { network }), ...(card && { card }) },
    })),
  { maxLength: 80 },
);
const numbered = suspects.map((list) =>
  list.map((each, at): Suspect => ({ ...aSuspect(at), ...each })),
);
const inTwoOrders = numbered.chain((list) =>
  fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
);
const accountsIn = (list: readonly Suspect[]) => new Set(list.map(({ userId }) => userId)).size;

describe.each(["network", "card"] as const)("orders with the same %s", (kind) => {
  test("are a cluster exactly if enough accounts made them, whatever the order of reading", () => {
    fc.assert(
      fc.property(inTwoOrders, ([list, shuffled]) => {
        const groups = Object.values(Object.groupBy(list, ({ traces }) => traces[kind] ?? ""));
        const expected = groups
          .map((group) => group ?? [])
          .filter(([first]) => first?.traces[kind] !== undefined)
          .filter((group) => accountsIn(group) >= MIN_ACCOUNTS[kind])
          .map((group) => [accountsIn(group), group.reduce((sum, { units }) => sum + units, 0)]);
        const found = findClusters(shuffled)
          .filter((cluster) => cluster.kind === kind)
          .map(({ accounts, units }) => [accounts, units]);
        expect(found.sort()).toEqual(expected.sort());
      }),
    );
  });
});

test("names the orders of a cluster in the order of time, with the time between them", () => {
  const buyers = [400, 0, 200].map((at) => aSuspect(at, { traces: { card: "same" } }));
  expect(findClusters(buyers)).toEqual([
    {
      ...{ kind: "card", accounts: 3, units: 3, orders: 3, medianGapMs: 200 },
      firstAt: "2027-03-01T09:00:00.000Z",
      lastAt: "2027-03-01T09:00:00.400Z",
      orderIds: ["order-0", "order-200", "order-400"],
    },
  ]);
});

test("does not suspect one account with one card, or a household of some accounts", () => {
  const one = [0, 1, 2].map((at) => aSuspect(at, { userId: "ann", traces: { card: "hers" } }));
  const household = Array.from({ length: MIN_ACCOUNTS.network - 1 }, (_, at) =>
    aSuspect(100 * at, { traces: { network: "home" } }),
  );
  expect(findClusters([...one, ...household])).toEqual([]);
});

describe("accounts that order several items", () => {
  /** Two orders of an account, `gap` milliseconds apart. */
  const pair = (account: number, gap: number): Suspect[] => [
    aSuspect(account * 1_000, { userId: `pair-${account}` }),
    aSuspect(account * 1_000 + gap, { userId: `pair-${account}`, skuId: "sock" }),
  ];

  test("are a cluster if their orders follow each other in the same time to the millisecond", () => {
    const scripted = [1, 2, 3, 4, 5, 6].flatMap((account) => pair(account, 137));
    const people = [7, 8, 9, 10].flatMap((account) => pair(account, 3_000 + account * 811));
    expect(findClusters([...scripted, ...people])).toMatchObject([
      { kind: "timing", accounts: 6, orders: 12, gapsMs: [137] },
    ]);
  });

  test("are no cluster where every time is common, as with an app that orders all items at once", () => {
    const crowd = Array.from({ length: 400 }, (_, account) => pair(account, account % 40)).flat();
    expect(findClusters(crowd)).toEqual([]);
  });
});

test("is bounded: at most 50 clusters, 50 orders of each, and a stated number of compared orders", () => {
  const collected = new Suspects(500);
  for (let at = 0; at < 600; at += 1) {
    const traces = at < 300 ? { card: "one" } : { card: `card-${Math.floor(at / 2)}` };
    const order = { ...aSuspect(at), traces, saleId: "sale", total: 0, refunded: 0 };
    collected.add({ ...order, status: "confirmed", currency: "USD" }, "sneaker");
  }
  const { clusters, compared, isPartial } = collected.view();
  expect([clusters.length, compared, isPartial]).toEqual([50, 500, true]);
  expect(clusters[0]).toMatchObject({ accounts: 300, orders: 300 });
  expect(clusters[0]?.orderIds).toHaveLength(50);
});

test("ignores orders that have no units any more", () => {
  const collected = new Suspects();
  for (const status of ["cancelled", "expired", "refunded"] as const) {
    const order = { ...aSuspect(1), saleId: "sale", total: 0, refunded: 0, currency: "USD" };
    collected.add({ ...order, status }, "sneaker");
  }
  expect(collected.view().compared).toBe(0);
});
