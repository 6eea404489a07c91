// An object whose first configuration takes its SKU off sale, because an earlier one did not reach it.
import { expect, test } from "vitest";
import { decideConfigure } from "../../../src/inventory/decide-stock.ts";

test.each([0, 3])(
  "lane %i that first hears that its SKU is off sale is a lane once it is on sale",
  (lane) => {
    const none = { stocked: 0, held: 0, sold: 0 };
    const off = decideConfigure(null, none, { skuId: "sku", revision: 1, offer: null, lane }, 0);
    const offer = { terms: { saleId: "sale" } as never, stock: 100, lanes: 4 };
    const on = decideConfigure(off ?? null, none, { skuId: "sku", revision: 2, offer, lane }, 0);
    expect([on?.stocked, on?.account?.loans.length, on?.share?.of]).toEqual(
      lane === 0 ? [100, 3, undefined] : [0, undefined, 4],
    );
  },
);
