// The proofs about what changes while buyers order: terms, hours, prices, deny rules, live stock, and concurrent
// requests for one order. Each fabricated violation is detected, and correct evidence passes.
import { describe, expect, test } from "vitest";
import type { LedgerOrder, LiveAnswer, Order } from "../../../src/local/client.ts";
import type { Evidence } from "../../../src/local/rehearse/evidence.ts";
import { StepFunction } from "../../../src/local/rehearse/proofs/timeline.ts";
import type { OrderAction, Purchase } from "../../../src/local/rehearse/recorder.ts";
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
} from "./evidence.ts";

const BALANCE = "stocked = available + held + sold";
const LIMITS = "no buyer gets more units than the per-user limit";
const REFUSALS = "no buyer is refused without cause (stock, limit, unpaid holds)";
const HOURS = "no order is accepted before the sale opens or after it closes";
const PRICES = "every order has the price in force and shown to its buyer";
const DENIALS = "a denied buyer is blocked exactly while the deny rule applies";
const OUTCOME = "every order has one outcome, the one reported to its buyer";
const LIVE = "live stock is right within its stated age";

const SECOND = 1_000;

/** The same purchase with another quantity. */
const withQuantity = (quantity: number, { user, key, answers, outcomeUnknown }: Purchase) => ({
  ...{ user, key, quantity, answers, outcomeUnknown },
});

describe("with orders of several units, the proofs", () => {
  /** Three units. Ann bought two; bob wanted two more and was refused, so one is left. */
  function multiUnitSale(): Evidence {
    const own: Order = { ...order("o1"), quantity: 2 };
    const sale = correctSale();
    return {
      ...sale,
      history: [version({ stock: 3, perUserLimit: 2 })],
      before: { ...sale.before, stocked: 3, available: 3 },
      after: { ...sale.after, stocked: 3, available: 1, sold: 2 },
      ledgerOrders: [{ ...own, userId: "ann" }],
      purchases: [
        withQuantity(2, purchase("ann", "a", answer(202, own))),
        withQuantity(2, purchase("bob", "b", at(NOW + SECOND, problem(409, "sold_out")))),
      ],
      shown: new Map([
        ["o1", { owner: answer(200, own, { "x-served-from": "read-model" }), stranger: undefined }],
      ]),
      lists: new Map([["ann", [own]]]),
    };
  }

  test("accept a remaining unit that fits no order", () => {
    expect(broken(multiUnitSale())).toEqual([]);
  });

  test("detect the refusal of an order that fits", () => {
    const sale = multiUnitSale();
    sale.purchases[1] = purchase("bob", "b", at(NOW + SECOND, problem(409, "sold_out")));
    expect(broken(sale)).toEqual([REFUSALS]);
  });

  test("detect a limit that counts orders instead of units", () => {
    const sale = multiUnitSale();
    sale.history = [version({ stock: 3, perUserLimit: 1 })];
    expect(broken(sale)).toContain(LIMITS);
  });

  test("detect a refusal within the limit", () => {
    const sale = multiUnitSale();
    sale.purchases[1] = withQuantity(2, purchase("bob", "b", problem(409, "user_limit_reached")));
    expect(broken(sale)).toContain(REFUSALS);
  });
});

describe("with an edited sale, the proofs", () => {
  test("detect added stock that the ledger lacks", () => {
    const sale = correctSale();
    sale.history.push(version({ stock: 4 }, {}, NOW + SECOND));
    expect(broken(sale)).toEqual([BALANCE]);
    sale.after = { ...sale.after, stocked: 4, available: 2 };
    expect(broken(sale)).toEqual([]);
  });

  test("detect a ledger that does not add up at one moment", () => {
    const sale = correctSale();
    sale.ledgers = [{ ...sale.after, available: 1 }];
    expect(broken(sale)).toEqual([BALANCE]);
  });

  test("detect a sold_out after a restock, but not before it", () => {
    const sale = correctSale();
    sale.history.push(version({ stock: 4 }, {}, NOW + 10 * SECOND));
    sale.after = { ...sale.after, stocked: 4, available: 2 };
    const refusedAt = (moment: number) => {
      sale.purchases[2] = purchase("cid", "c", at(moment, problem(409, "sold_out")));
      return broken(sale);
    };
    expect(refusedAt(NOW + 9 * SECOND)).toEqual([]);
    // An edge may serve a cached sold_out for a while.
    expect(refusedAt(NOW + 11 * SECOND)).toEqual([]);
    expect(refusedAt(NOW + 20 * SECOND)).toEqual([REFUSALS]);
  });

  test("accept a second unit after the limit was raised, and detect one after it was lowered", () => {
    const orderedAfter = (limit: number, then: number) => {
      const sale = correctSale();
      const second = { ...order("o2"), createdAt: new Date(NOW + 5 * SECOND).toISOString() };
      sale.ledgerOrders[1] = { ...second, userId: "ann" };
      sale.history = [
        version({ perUserLimit: limit }),
        version({ perUserLimit: then }, {}, NOW + SECOND),
      ];
      return broken(sale).includes(LIMITS);
    };
    expect([orderedAfter(1, 2), orderedAfter(2, 1)]).toEqual([false, true]);
  });

  test("detect user_limit_reached after the limit was raised", () => {
    const sale = correctSale();
    sale.history.push(version({ perUserLimit: 2 }, {}, NOW + SECOND));
    const refusedAt = (moment: number) => {
      sale.purchases[2] = purchase("ann", "c", at(moment, problem(409, "user_limit_reached")));
      return broken(sale);
    };
    expect([refusedAt(NOW), refusedAt(NOW + 2 * SECOND)]).toEqual([[], [REFUSALS]]);
  });
});

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
    expect(broken(sale)).toEqual([HOURS]);
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

describe("the proof about outcomes", () => {
  const action = (kind: OrderAction["kind"], given: OrderAction["answer"]): OrderAction => ({
    ...{ kind, user: "ann", sku: "coupon", id: "o1" },
    answer: given,
  });
  const done = answer(200, order("o1"));

  test("detects an order that is both canceled and confirmed", () => {
    const sale = paidSale();
    sale.orderActions = [action("pay", { ...done, status: 202 }), action("cancel", done)];
    expect(broken(sale)).toEqual([OUTCOME]);
  });

  test("detects an order canceled by its buyer, who did not cancel it", () => {
    const sale = paidSale();
    const changed = { status: "cancelled", reason: "buyer", payment: "voided" } as const;
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, changed);
    expect(broken(sale)).toContain(OUTCOME);
    sale.orderActions = [action("cancel", undefined)];
    expect(broken(sale)).not.toContain(OUTCOME);
  });

  test("detects a payment refused before the hold expired", () => {
    const sale = paidSale();
    const { payment: _, ...unpaid } = sale.ledgerOrders[0] as LedgerOrder;
    sale.ledgerOrders[0] = { ...unpaid, status: "expired" };
    const refusedAt = (moment: number) => {
      sale.orderActions = [action("pay", at(moment, problem(409, "order_not_payable")))];
      return broken(sale).includes(OUTCOME);
    };
    const end = Date.parse(unpaid.expiresAt);
    expect([refusedAt(end - 50), refusedAt(end)]).toEqual([true, false]);
  });
});

describe("the proof about live stock", () => {
  const violatedBy = (
    available: number,
    moment: number,
    state: LiveAnswer["skus"][number]["state"] = available > 0 ? "low" : "sold_out",
  ) => {
    const sale = correctSale();
    sale.live = [{ asOf: new Date(moment).toISOString(), available, state }];
    return broken(sale);
  };

  test("accepts stock as old as it states, but no older", () => {
    expect(violatedBy(2, NOW - SECOND)).toEqual([]);
    expect(violatedBy(2, NOW + SECOND)).toEqual([]);
    expect(violatedBy(0, NOW + 3 * SECOND)).toEqual([]);
    expect(violatedBy(2, NOW + 3 * SECOND)).toEqual([LIVE]);
  });

  test("detects stock that is ahead of the orders", () => {
    expect(violatedBy(1, NOW - SECOND)).toEqual([LIVE]);
  });

  test("detects a state that contradicts the count", () => {
    expect(violatedBy(0, NOW + SECOND, "low")).toEqual([LIVE]);
  });

  test("counts a unit as available after its hold expired", () => {
    const sale = paidSale();
    const bob = sale.ledgerOrders[1] as LedgerOrder;
    const shownAt = (moment: number) => {
      sale.live = [{ asOf: new Date(moment).toISOString(), available: 1, state: "low" }];
      return broken(sale);
    };
    Object.assign(bob, { status: "expired" });
    const end = Date.parse(bob.expiresAt);
    expect(shownAt(end - SECOND)).toContain(LIVE);
    expect(shownAt(end + SECOND)).not.toContain(LIVE);
  });
});

test("detects an instance whose orders never become final", () => {
  expect(broken({ ...correctSale(), finalAfterMs: undefined })).toEqual([
    "all orders are final within 60 s, plus the hold time if paid",
  ]);
});

test("StepFunction finds the range of values in an interval", () => {
  const steps = new StepFunction(5, [
    { at: 20, by: 4 },
    { at: 10, by: -3 },
  ]);
  expect([steps.range(0, 9), steps.range(0, 15), steps.range(10, 30), steps.range(25, 30)]).toEqual(
    [
      { min: 5, max: 5 },
      { min: 2, max: 5 },
      { min: 2, max: 6 },
      { min: 6, max: 6 },
    ],
  );
});
