// The proofs about the terms of a sale: each violation is detected, also while the operator edits them.
import { describe, expect, test } from "vitest";
import type { LedgerOrder, Order } from "../../../../src/local/client.ts";
import {
  answer,
  at,
  broken,
  correctSale,
  NOW,
  order,
  paidSale,
  problem,
  purchase,
  version,
} from "../evidence.ts";

const HOURS = "no order is accepted before the sale opens or after it closes";
const PRICES = "every order has the price in force and shown to its buyer";
const DENIALS = "a denied buyer is blocked exactly while the deny rule applies";
const SECOND = 1_000;

describe("the proof about opening hours", () => {
  const opens = (moment: number) => ({ opensAt: new Date(moment).toISOString() });
  const closes = (moment: number) => ({ closesAt: new Date(moment).toISOString() });

  test("detects an order before the opening or after the close", () => {
    const early = { ...correctSale(), history: [version({}, opens(NOW + SECOND))] };
    const late = { ...correctSale(), history: [version({}, closes(NOW - SECOND))] };
    expect([broken(early), broken(late)]).toEqual([[HOURS], [HOURS]]);
  });

  test("detects an order after the operator closed the sale", () => {
    const sale = correctSale();
    sale.history.push(version({}, closes(NOW - SECOND), NOW - SECOND));
    expect(broken(sale)).toEqual([HOURS]);
  });

  test("detects an order whose createdAt is outside the time of its request", () => {
    const sale = correctSale();
    sale.purchases[1] = purchase("bob", "b", at(NOW + SECOND, answer(202, order("o2"))));
    expect(broken(sale)).toContain(HOURS);
  });

  test("accepts sale_not_open and sale_closed only outside opening hours", () => {
    const sale = correctSale();
    const answered = (moment: number, status: number, code: string) => {
      sale.purchases[2] = purchase("cid", "c", at(moment, problem(status, code)));
      return broken(sale);
    };
    sale.history = [version({}, { ...opens(NOW), ...closes(NOW + 10 * SECOND) })];
    expect(answered(NOW - SECOND, 403, "sale_not_open")).toEqual([]);
    expect(answered(NOW + SECOND, 403, "sale_not_open")).toEqual([HOURS]);
    expect(answered(NOW + 9 * SECOND, 410, "sale_closed")).toEqual([HOURS]);
    expect(answered(NOW + 11 * SECOND, 410, "sale_closed")).toEqual([]);
  });

  test("accepts a retry under the same key after the opening", () => {
    const sale = correctSale();
    sale.purchases[1] = purchase(
      "bob",
      "b",
      at(NOW - SECOND, problem(403, "sale_not_open")),
      answer(202, order("o2")),
    );
    sale.history = [version({}, opens(NOW))];
    expect(broken(sale)).toEqual([]);
  });

  test("allows for the error of a remote clock", () => {
    const sale = { ...correctSale(), history: [version({}, opens(NOW + 100))] };
    expect(broken({ ...sale, clockErrorMs: 200 })).toEqual([]);
    expect(broken(sale)).toEqual([HOURS]);
  });
});

describe("the proof about prices", () => {
  const usd = (amount: number) => ({ amount, currency: "USD" });

  test("detects an order at an outdated price", () => {
    const sale = paidSale();
    sale.history.push(version({ unitPrice: usd(1_500) }, {}, NOW - SECOND));
    expect(broken(sale)).toEqual([PRICES]);
  });

  test("detects an order at another price than its buyer offered", () => {
    const sale = paidSale();
    const bought = purchase("ann", "a");
    bought.addAnswer(answer(202, sale.ledgerOrders[0] as LedgerOrder), usd(1_000));
    sale.purchases[0] = bought;
    expect(broken(sale)).toEqual([PRICES]);
  });

  test("accepts price_changed only if the price changed, with the new price", () => {
    const answered = (now: number, stated: number) => {
      const sale = paidSale();
      sale.history.push(version({ unitPrice: usd(now) }, {}, NOW + SECOND));
      const refused = purchase("cid", "c");
      const body = { code: "price_changed", unitPrice: usd(stated) } as unknown as Order;
      refused.addAnswer(at(NOW + 2 * SECOND, answer(409, body)), usd(1_200));
      sale.purchases[2] = refused;
      return broken(sale);
    };
    expect([answered(1_500, 1_500), answered(1_200, 1_200), answered(1_500, 1_600)]).toEqual([
      [],
      [PRICES],
      [PRICES],
    ]);
  });
});

describe("the proof about deny rules", () => {
  const answered = (moment: number, refusal: Order, status = 409) => {
    const sale = correctSale();
    const [sentAt, liftSentAt] = [NOW + 10 * SECOND, NOW + 30 * SECOND];
    const times = { sentAt, answeredAt: sentAt, liftSentAt, liftedAt: liftSentAt };
    sale.denials = [{ user: "cid", ...times }];
    sale.purchases[2] = purchase("cid", "c", at(moment, answer(status, refusal)));
    return broken(sale);
  };
  const soldOut = problem(409, "sold_out").body;
  const blocked = problem(403, "blocked").body;

  test("detects a denied buyer who is not blocked once the rule applies everywhere", () => {
    expect(answered(NOW + 12 * SECOND, soldOut)).toEqual([]);
    expect(answered(NOW + 20 * SECOND, soldOut)).toEqual([DENIALS]);
    expect(answered(NOW + 20 * SECOND, blocked, 403)).toEqual([]);
  });

  test("detects a buyer blocked before the rule or after its removal", () => {
    expect(answered(NOW + 9 * SECOND, blocked, 403)).toEqual([DENIALS]);
    expect(answered(NOW + 34 * SECOND, blocked, 403)).toEqual([]);
    expect(answered(NOW + 36 * SECOND, blocked, 403)).toEqual([DENIALS]);
  });
});
