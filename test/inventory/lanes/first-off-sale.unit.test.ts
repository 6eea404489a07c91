// Objects that learn of their lanes late: the first configuration took the SKU off sale, or an earlier release dropped the lanes.
import { expect, test } from "vitest";
import { decideConfigure } from "../../../src/inventory/decide-stock.ts";
import { layoutOf } from "../../../src/inventory/lanes/escrow.ts";
import { Homes } from "../../../src/inventory/lanes/homes.ts";

test.each([0, 3])(
  "lane %i that first hears that its SKU is off sale is a lane once it is on sale",
  (lane) => {
    const none = { stocked: 0, held: 0, sold: 0 };
    const off = decideConfigure(null, none, { skuId: "sku", revision: 1, offer: null, lane }, 0);
    const offer = {
      terms: { saleId: "sale" } as never,
      stock: 100,
      layout: { since: 0, lanes: 4, former: [] },
    };
    const on = decideConfigure(off ?? null, none, { skuId: "sku", revision: 2, offer, lane }, 0);
    expect([on?.stocked, on?.account?.loans.length, on?.share?.of]).toEqual(
      lane === 0 ? [100, 3, undefined] : [0, undefined, 4],
    );
  },
);

const NONE = { stocked: 0, held: 0, sold: 0 };
const layout = { since: 7, lanes: 4, former: [1] };

test("a lane that was never on sale does not become a second root when another lane asks it", () => {
  let setup = decideConfigure(null, NONE, { skuId: "sku", revision: 1, offer: null, lane: 3 }, 0);
  const ledger = {
    get setup() {
      return setup ?? null;
    },
    saveSetup: (saved: typeof setup) => {
      setup = saved;
    },
    hasBuyer: () => false,
  };
  const homes = new Homes({ ledger } as never, () => ({}) as never, true);
  expect(() => homes.adopt(layout)).toThrow("not configured");

  const offer = { terms: { saleId: "sale" } as never, stock: 10, layout };
  const on = decideConfigure(setup ?? null, NONE, { skuId: "sku", revision: 2, offer, lane: 3 }, 0);
  expect([on?.stocked, on?.account, on?.share?.lane]).toEqual([0, undefined, 3]);
});

test.each([0, 3])("lane %i learns of its lanes under a revision that it has", (lane) => {
  const first = { since: 0, lanes: 4, former: [] };
  const terms = { saleId: "sale" } as never;
  const configure = (setup: Parameters<typeof decideConfigure>[0], known: typeof layout) =>
    decideConfigure(
      setup,
      NONE,
      { skuId: "sku", revision: 2, offer: { terms, stock: 10, layout: known }, lane },
      0,
    );
  const before = configure(null, first as never) ?? null;
  const after = configure(before, { since: 2, lanes: 2, former: [4] });
  expect(after && layoutOf(after)).toEqual({ since: 2, lanes: 2, former: [4] });
  expect(configure(after ?? null, { since: 2, lanes: 2, former: [4] })).toBeUndefined();
});
