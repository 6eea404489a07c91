// An object asks other lanes whether they know a buyer. Their answers count only under the layout with which it asked. The buyer in
// these tests belongs to lane 0 while the SKU has one lane, and to lane 1 while it has two. The object is lane 1.
import { expect, test } from "vitest";
import { BuyerFilter, buyerHash } from "../../../src/inventory/buyers.ts";
import type { Setup } from "../../../src/inventory/decide-stock.ts";
import { Homes } from "../../../src/inventory/lanes/homes.ts";
import { laneOf } from "../../../src/inventory/lanes/lane-of.ts";
import type { LaneStub } from "../../../src/inventory/lanes/stub.ts";
import type { Layout } from "../../../src/inventory/order-id.ts";
import "./base64.ts";

const TWO: Layout = { since: 1, lanes: 2, former: [1] };
/** Two again, after one for a while. */
const TWO_AGAIN: Layout = { since: 3, lanes: 2, former: [1, 2] };

const ANN = names().find((name) => laneOf(name, 2) === 1) as string;

function names(): string[] {
  return Array.from({ length: 100 }, (_, n) => `user-${n}`);
}

/** A filter that may have anyone: all of its bits are set. */
function fullFilter(): string {
  const filter = BuyerFilter.empty(1);
  for (const name of names()) filter.add(buyerHash(name));
  expect(filter.mayHave(buyerHash(ANN))).toBe(true);
  return String(filter);
}

const emptyFilter = (): string => String(BuyerFilter.empty(1));

/** Lane 1, which asks lane 0. Its answers are the test's. */
function laneOne(zero: Pick<LaneStub, "buyersUnder" | "hasBuyer">) {
  const share = { lane: 1, of: 2, received: 0, returned: 0, phase: 0 };
  const ledger = {
    setup: { skuId: "sku", revision: 1, terms: null, stocked: 0, share } as Setup | null,
    saveSetup(setup: Setup) {
      ledger.setup = setup;
    },
    hasBuyer: () => false,
  };
  const homes = new Homes({ ledger }, () => zero as LaneStub, true);
  /** Which lane serves her. */
  const serve = async (layout: Layout) =>
    homes.run<number>(
      ANN,
      layout,
      () => 1,
      async ({ address }) => address.lane,
    );
  return { serve, adopt: (layout: Layout) => homes.adopt(layout) };
}

test("a buyer who was unknown to a lane, and bought there later, is found there after the next change", async () => {
  let isTheirs = false;
  const lane = laneOne({
    buyersUnder: async () => fullFilter(),
    hasBuyer: async () => isTheirs,
  });
  expect(await lane.serve(TWO)).toBe(1);

  // With one lane, she buys at lane 0.
  isTheirs = true;

  expect(await lane.serve(TWO_AGAIN)).toBe(0);
});

test("a list of buyers that arrives after the next change does not count", async () => {
  const first = Promise.withResolvers<string>();
  const lists = [first.promise, Promise.resolve(fullFilter())];
  const lane = laneOne({
    buyersUnder: () => lists.shift() as Promise<string>,
    hasBuyer: async () => true,
  });
  const served = lane.serve(TWO);

  lane.adopt(TWO_AGAIN);
  const servedAgain = lane.serve(TWO_AGAIN);
  first.resolve(emptyFilter());

  expect(await Promise.all([served, servedAgain])).toEqual([0, 0]);
});

test("an answer about one buyer that arrives after the next change does not count", async () => {
  const first = Promise.withResolvers<boolean>();
  const asked = Promise.withResolvers<void>();
  const answers = [first.promise, Promise.resolve(true)];
  const lane = laneOne({
    buyersUnder: async () => fullFilter(),
    hasBuyer: () => {
      asked.resolve();
      return answers.shift() as Promise<boolean>;
    },
  });
  const served = lane.serve(TWO);
  await asked.promise;

  lane.adopt(TWO_AGAIN);
  const servedAgain = lane.serve(TWO_AGAIN);
  first.resolve(false);

  expect(await Promise.all([served, servedAgain])).toEqual([0, 0]);
});
