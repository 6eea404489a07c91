// The payment of an order, as its owner sees it.
import { expect, test } from "vitest";
import { toPaymentView } from "../../src/inventory/decide-pay.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { anOffer } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

test.each([
  ["a free order takes no payment method", 0, 0],
  ["an unpaid order takes five", 100, 5],
])("%s", (_, price, attemptsLeft) => {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(1, price) });
  model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b" });
  const [row] = model.orders.values();
  expect(toPaymentView(row as OrderRow)).toEqual({ state: "none", attemptsLeft });
});
