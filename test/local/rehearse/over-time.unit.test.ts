// The proofs about what changes while people buy: terms, hours, prices, deny rules, live stock, and orders that
// many hands pull at. Each planted violation must be seen, and what is honest must pass.
import { describe, expect, test } from "vitest";
import type { LedgerOrder, LiveAnswer, Order } from "../../../src/local/client.ts";
import type { Evidence } from "../../../src/local/rehearse/evidence.ts";
import { Steps } from "../../../src/local/rehearse/proofs/timeline.ts";
import type { Deed, Purchase } from "../../../src/local/rehearse/record.ts";
import {
  answer,
  at,
  broken,
  honestSale,
  NOW,
  order,
  paidSale,
  problem,
  purchase,
  version,
} from "./evidence.ts";

const BALANCE = "stocked = available + held + sold";
const SOLD = "units sold = stock or demand";
const LIMITS = "nobody has more than the limit of the time";
const REFUSALS = "nobody was told sold_out while units were left";
const HOURS = "nobody buys before the sale opens or after it closes";
const PRICES = "every order costs what the sale said and its buyer saw";
const DENIALS = "whoever is denied gets nothing, and only they";
const OUTCOME = "every order has one outcome, the one its buyer was told";
const LIVE = "live stock was true within its age";

const SECOND = 1_000;

/** The same purchase of so many units. */
const of = (quantity: number, { user, key, answers, gaveUp }: Purchase) => ({
  ...{ user, key, quantity, answers, gaveUp },
});

describe("orders of several units", () => {
  /** Three units; ann has two of them. Bob wanted two more and was refused, so one is left. */
  function mixedSale(): Evidence {
    const own: Order = { ...order("o1"), quantity: 2 };
    const sale = honestSale();
    return {
      ...sale,
      history: [version({ stock: 3, perUserLimit: 2 })],
      before: { ...sale.before, stocked: 3, available: 3 },
      after: { ...sale.after, stocked: 3, available: 1, sold: 2 },
      ledgerOrders: [{ ...own, userId: "ann" }],
      purchases: [
        of(2, purchase("ann", "a", answer(202, own))),
        of(2, purchase("bob", "b", at(NOW + SECOND, problem(409, "sold_out")))),
      ],
      shown: new Map([
        ["o1", { owner: answer(200, own, { "x-served-from": "read-model" }), stranger: undefined }],
      ]),
      lists: new Map([["ann", [own]]]),
    };
  }

  test("a unit that nobody could use is no undersell", () => {
    expect(broken(mixedSale())).toEqual([]);
  });

  test("a refusal of as many as there were is seen", () => {
    const sale = mixedSale();
    sale.purchases[1] = purchase("bob", "b", at(NOW + SECOND, problem(409, "sold_out")));
    expect(broken(sale)).toEqual([REFUSALS]);
  });

  test("a limit that counts orders instead of units is seen", () => {
    const sale = mixedSale();
    sale.history = [version({ stock: 3, perUserLimit: 1 })];
    expect(broken(sale)).toContain(LIMITS);
  });

  test("a limit that refuses what it allows is seen", () => {
    const sale = mixedSale();
    sale.purchases[1] = of(2, purchase("bob", "b", problem(409, "user_limit_reached")));
    expect(broken(sale)).toContain(REFUSALS);
  });
});

describe("a sale that is changed", () => {
  test("units that were put on sale and are not there are seen", () => {
    const sale = honestSale();
    sale.history.push(version({ stock: 4 }, {}, NOW + SECOND));
    expect(broken(sale)).toEqual([BALANCE]);
    sale.after = { ...sale.after, stocked: 4, available: 2 };
    expect(broken(sale)).toEqual([]);
  });

  test("a ledger that did not add up for a moment is seen", () => {
    const sale = honestSale();
    sale.ledgers = [{ ...sale.after, available: 1 }];
    expect(broken(sale)).toEqual([BALANCE]);
  });

  test("sold out after units were added is seen, before is not", () => {
    const sale = honestSale();
    sale.history.push(version({ stock: 4 }, {}, NOW + 10 * SECOND));
    sale.after = { ...sale.after, stocked: 4, available: 2 };
    const refused = (moment: number) => {
      sale.purchases[2] = purchase("cid", "c", at(moment, problem(409, "sold_out")));
      return broken(sale);
    };
    expect(refused(NOW + 9 * SECOND)).toEqual([]);
    // An edge may repeat for a while what it knew.
    expect(refused(NOW + 11 * SECOND)).toEqual([]);
    expect(refused(NOW + 20 * SECOND)).toEqual([REFUSALS]);
  });

  test("a second unit under a limit that was raised is fine, after it was lowered it is seen", () => {
    const made = (limit: number, then: number) => {
      const sale = honestSale();
      const second = { ...order("o2"), createdAt: new Date(NOW + 5 * SECOND).toISOString() };
      sale.ledgerOrders[1] = { ...second, userId: "ann" };
      sale.history = [
        version({ perUserLimit: limit }),
        version({ perUserLimit: then }, {}, NOW + SECOND),
      ];
      return broken(sale).includes(LIMITS);
    };
    expect([made(1, 2), made(2, 1)]).toEqual([false, true]);
  });

  test("user_limit_reached under a limit that was raised is seen", () => {
    const sale = honestSale();
    sale.history.push(version({ perUserLimit: 2 }, {}, NOW + SECOND));
    const refused = (moment: number) => {
      sale.purchases[2] = purchase("ann", "c", at(moment, problem(409, "user_limit_reached")));
      return broken(sale);
    };
    expect([refused(NOW), refused(NOW + 2 * SECOND)]).toEqual([[], [REFUSALS]]);
  });
});

describe("hours", () => {
  const opens = (moment: number) => ({ opensAt: new Date(moment).toISOString() });
  const closes = (moment: number) => ({ closesAt: new Date(moment).toISOString() });

  test("an order before the opening or after the close is seen", () => {
    const early = { ...honestSale(), history: [version({}, opens(NOW + SECOND))] };
    const late = { ...honestSale(), history: [version({}, closes(NOW - SECOND))] };
    expect([broken(early), broken(late)]).toEqual([[HOURS], [HOURS]]);
  });

  test("an order after the operator closed the sale is seen", () => {
    const sale = honestSale();
    sale.history.push(version({}, closes(NOW - SECOND), NOW - SECOND));
    expect(broken(sale)).toEqual([HOURS]);
  });

  test("an order that dates itself into the hours is seen", () => {
    const sale = honestSale();
    sale.purchases[1] = purchase("bob", "b", at(NOW + SECOND, answer(202, order("o2"))));
    expect(broken(sale)).toEqual([HOURS]);
  });

  test("whoever comes early is told so, whoever comes in time is not", () => {
    const sale = honestSale();
    const told = (moment: number, status: number, code: string) => {
      sale.purchases[2] = purchase("cid", "c", at(moment, problem(status, code)));
      return broken(sale);
    };
    sale.history = [version({}, { ...opens(NOW), ...closes(NOW + 10 * SECOND) })];
    expect(told(NOW - SECOND, 403, "sale_not_open")).toEqual([]);
    expect(told(NOW + SECOND, 403, "sale_not_open")).toEqual([HOURS]);
    expect(told(NOW + 9 * SECOND, 410, "sale_closed")).toEqual([HOURS]);
    expect(told(NOW + 11 * SECOND, 410, "sale_closed")).toEqual([]);
  });

  test("asking again under the same key once it opened is one answer", () => {
    const sale = honestSale();
    sale.purchases[1] = purchase(
      "bob",
      "b",
      at(NOW - SECOND, problem(403, "sale_not_open")),
      answer(202, order("o2")),
    );
    sale.history = [version({}, opens(NOW))];
    expect(broken(sale)).toEqual([]);
  });

  test("another host's clock is given its error", () => {
    const sale = { ...honestSale(), history: [version({}, opens(NOW + 100))] };
    expect(broken({ ...sale, clockErrorMs: 200 })).toEqual([]);
    expect(broken(sale)).toEqual([HOURS]);
  });
});

describe("prices", () => {
  const usd = (amount: number) => ({ amount, currency: "USD" });

  test("an order at the price of before is seen", () => {
    const sale = paidSale();
    sale.history.push(version({ unitPrice: usd(1_500) }, {}, NOW - SECOND));
    expect(broken(sale)).toEqual([PRICES]);
  });

  test("an order at another price than its buyer offered is seen", () => {
    const sale = paidSale();
    const bought = purchase("ann", "a");
    bought.note(answer(202, sale.ledgerOrders[0] as LedgerOrder), usd(1_000));
    sale.purchases[0] = bought;
    expect(broken(sale)).toEqual([PRICES]);
  });

  test("a price is called changed only if it is, with the price that holds", () => {
    const told = (now: number, said: number) => {
      const sale = paidSale();
      sale.history.push(version({ unitPrice: usd(now) }, {}, NOW + SECOND));
      const refused = purchase("cid", "c");
      const body = { code: "price_changed", unitPrice: usd(said) } as unknown as Order;
      refused.note(at(NOW + 2 * SECOND, answer(409, body)), usd(1_200));
      sale.purchases[2] = refused;
      return broken(sale);
    };
    expect([told(1_500, 1_500), told(1_200, 1_200), told(1_500, 1_600)]).toEqual([
      [],
      [PRICES],
      [PRICES],
    ]);
  });
});

describe("a denied user", () => {
  const told = (moment: number, refusal: Order, status = 409) => {
    const sale = honestSale();
    const [sentAt, liftSentAt] = [NOW + 10 * SECOND, NOW + 30 * SECOND];
    const times = { sentAt, answeredAt: sentAt, liftSentAt, liftedAt: liftSentAt };
    sale.denials = [{ user: "cid", ...times }];
    sale.purchases[2] = purchase("cid", "c", at(moment, answer(status, refusal)));
    return broken(sale);
  };
  const soldOut = problem(409, "sold_out").body;
  const blocked = problem(403, "blocked").body;

  test("who gets past the rule is seen, once it holds everywhere", () => {
    expect(told(NOW + 12 * SECOND, soldOut)).toEqual([]);
    expect(told(NOW + 20 * SECOND, soldOut)).toEqual([DENIALS]);
    expect(told(NOW + 20 * SECOND, blocked, 403)).toEqual([]);
  });

  test("who is blocked without a rule is seen, before it and after it was lifted", () => {
    expect(told(NOW + 9 * SECOND, blocked, 403)).toEqual([DENIALS]);
    expect(told(NOW + 34 * SECOND, blocked, 403)).toEqual([]);
    expect(told(NOW + 36 * SECOND, blocked, 403)).toEqual([DENIALS]);
  });
});

describe("one order and many hands", () => {
  const deed = (kind: Deed["kind"], given: Deed["answer"]): Deed => ({
    ...{ kind, user: "ann", sku: "coupon", id: "o1" },
    answer: given,
  });
  const done = answer(200, order("o1"));

  test("two outcomes are seen: given back and kept", () => {
    const sale = paidSale();
    sale.deeds = [deed("pay", { ...done, status: 202 }), deed("give back", done)];
    expect(broken(sale)).toEqual([OUTCOME]);
  });

  test("an order that nobody gave back and says so is seen", () => {
    const sale = paidSale();
    const changed = { status: "cancelled", reason: "buyer", payment: "voided" } as const;
    Object.assign(sale.ledgerOrders[0] as LedgerOrder, changed);
    expect(broken(sale)).toContain(OUTCOME);
    sale.deeds = [deed("give back", undefined)];
    expect(broken(sale)).not.toContain(OUTCOME);
  });

  test("a payment that was refused while the hold ran is seen", () => {
    const sale = paidSale();
    const { payment: _, ...unpaid } = sale.ledgerOrders[0] as LedgerOrder;
    sale.ledgerOrders[0] = { ...unpaid, status: "expired" };
    const refused = (moment: number) => {
      sale.deeds = [deed("pay", at(moment, problem(409, "order_not_payable")))];
      return broken(sale).includes(OUTCOME);
    };
    const end = Date.parse(unpaid.expiresAt);
    expect([refused(end - 50), refused(end)]).toEqual([true, false]);
  });

  test("a unit that counts twice is seen", () => {
    const sale = paidSale();
    sale.after = { ...sale.after, sold: 2, available: 0 };
    expect(broken(sale)).toEqual([SOLD]);
  });
});

describe("live stock", () => {
  const shown = (
    available: number,
    moment: number,
    state: LiveAnswer["skus"][number]["state"] = available > 0 ? "low" : "sold_out",
  ) => {
    const sale = honestSale();
    sale.live = [{ asOf: new Date(moment).toISOString(), available, state }];
    return broken(sale);
  };

  test("may be as old as it says, not older", () => {
    expect(shown(2, NOW - SECOND)).toEqual([]);
    expect(shown(2, NOW + SECOND)).toEqual([]);
    expect(shown(0, NOW + 3 * SECOND)).toEqual([]);
    expect(shown(2, NOW + 3 * SECOND)).toEqual([LIVE]);
  });

  test("that runs ahead of the orders is seen", () => {
    expect(shown(1, NOW - SECOND)).toEqual([LIVE]);
  });

  test("that contradicts itself is seen", () => {
    expect(shown(0, NOW + SECOND, "low")).toEqual([LIVE]);
  });

  test("counts a unit as free again once its hold ended", () => {
    const sale = paidSale();
    const bob = sale.ledgerOrders[1] as LedgerOrder;
    const show = (moment: number) => {
      sale.live = [{ asOf: new Date(moment).toISOString(), available: 1, state: "low" }];
      return broken(sale);
    };
    Object.assign(bob, { status: "expired" });
    const end = Date.parse(bob.expiresAt);
    expect(show(end - SECOND)).toContain(LIVE);
    expect(show(end + SECOND)).not.toContain(LIVE);
  });
});

test("an instance that never settles is seen", () => {
  expect(broken({ ...honestSale(), settledMs: undefined })).toEqual([
    "everything settles within 60 s",
  ]);
});

test("a number over time is known between any two moments", () => {
  const steps = new Steps(5, [
    { at: 20, by: 4 },
    { at: 10, by: -3 },
  ]);
  expect([steps.range(0, 9), steps.range(0, 15), steps.range(10, 30), steps.range(25, 30)]).toEqual(
    [
      { least: 5, most: 5 },
      { least: 2, most: 5 },
      { least: 2, most: 6 },
      { least: 6, most: 6 },
    ],
  );
});
