// Random sales and commands for the property tests of the pure decisions.
import fc from "fast-check";
import type { MoneyOutcome } from "../../src/inventory/decide-outcome.ts";
import type { RefundResult } from "../../src/inventory/decide-refund.ts";
import type { PaymentReport } from "../../src/inventory/decide-report.ts";
import type { ConfigureCommand } from "../../src/inventory/decide-stock.ts";
import type { AfterUnpaidHolds } from "../../src/inventory/unpaid-holds.ts";

export const SKU = "thing";
/** The start of every history. It is far in the future, so that no real alarm fires during a test. */
export const START = 2_000_000_000_000;

/** The item that each order copies. */
export const ITEM = { name: "A thing", saleTitle: "A sale", seller: "A shop" };

/** The terms and stock that the operator puts on sale. */
export type Offer = NonNullable<ConfigureCommand["offer"]>;

/** One step of a history. `order` is the position of an order among all orders so far. */
export type Command =
  | {
      do: "reserve";
      user: string;
      quantity: number;
      key: string;
      body: string;
      token?: string;
      /** How long the request was in flight: milliseconds. */
      flight?: number;
      /** The price that the buyer saw. */
      seen?: number;
      /** Whether the edge only looks up an earlier order. */
      lookUp?: boolean;
      /** What to demand from a buyer after unpaid holds. */
      afterUnpaid?: AfterUnpaidHolds;
    }
  | { do: "pay"; order: number; token: string }
  | { do: "cancel" | "release" | "expire" | "confirmFree"; order: number }
  | { do: "settle"; order: number; money: MoneyOutcome; attempt?: number }
  | { do: "refund"; order: number; id: string; quantity?: number; backOnSale: boolean }
  | { do: "settleRefund"; order: number; result: RefundResult }
  | { do: "lookUp"; order: number; event: "succeeded" | "changed" }
  | { do: "report"; order: number; report: Pick<PaymentReport, "outcome" | "reference"> }
  | { do: "configure"; revision: number; offer: Offer | null }
  | { do: "tick"; ms: number };

const offer: fc.Arbitrary<Offer> = fc
  .record({
    stock: fc.integer({ min: 0, max: 12 }),
    amount: fc.constantFrom(0, 100, 100),
    perUserLimit: fc.integer({ min: 1, max: 5 }),
    holdSeconds: fc.integer({ min: 1, max: 20 }),
    opensAt: fc.constantFrom(START - 100_000, START - 100_000, START + 5_000),
    closesAt: fc.constantFrom(START + 20_000, START + 10_000_000, START + 10_000_000),
  })
  .map(({ stock, amount, ...terms }) => ({
    stock,
    terms: {
      saleId: "sale",
      skuId: SKU,
      unitPrice: { amount, currency: "USD" },
      item: ITEM,
      ...terms,
    },
  }));

/** An offer of `stock` units, free by default, with a limit of five per buyer. */
export const anOffer = (stock: number, amount = 0): Offer => ({
  stock,
  terms: {
    saleId: "sale",
    skuId: SKU,
    opensAt: START - 100_000,
    closesAt: START + 10_000_000,
    unitPrice: { amount, currency: "USD" },
    perUserLimit: 5,
    holdSeconds: 10,
    item: ITEM,
  },
});

const order = fc.nat(11);
const token = fc.constantFrom("tok_a", "tok_b", "tok_c", "tok_d");

const chargeId = fc.constantFrom("c1", "c2");
const money: fc.Arbitrary<MoneyOutcome> = fc.oneof(
  fc.record({ outcome: fc.constant("charged" as const), chargeId }),
  fc.record({ outcome: fc.constant("charged" as const), chargeId, isRefunded: fc.boolean() }),
  fc.record({
    outcome: fc.constant("action_required" as const),
    chargeId,
    clientSecret: fc.constantFrom("s1", "s2"),
  }),
  fc.record({ outcome: fc.constant("processing" as const), chargeId }),
  fc.record({ outcome: fc.constant("declined" as const), reason: fc.constant("card_declined") }),
  fc.record({
    outcome: fc.constant("declined" as const),
    reason: fc.constant("card_declined"),
    chargeId,
  }),
  fc.constant({ outcome: "voided" } as const),
  fc.constant({ outcome: "refunded" } as const),
  fc.constant({ outcome: "refund_failed", reason: "expired_or_canceled_card" } as const),
);

const reserve: fc.Arbitrary<Command & { do: "reserve" }> = fc.record(
  {
    do: fc.constant("reserve" as const),
    user: fc.constantFrom("ann", "bob", "cyd"),
    quantity: fc.integer({ min: 1, max: 4 }),
    key: fc.constantFrom("k1", "k2", "k3", "k4", "k5", "k6"),
    body: fc.constantFrom("one", "two"),
    token,
    flight: fc.constantFrom(1, 1_000, 6_000, 60_000),
    seen: fc.constantFrom(0, 100, 100),
    lookUp: fc.constantFrom(true, false, false),
    afterUnpaid: fc.constantFrom("pay" as const, "wait" as const),
  },
  { requiredKeys: ["do", "user", "quantity", "key", "body"] },
);

const configure: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("configure" as const),
  revision: fc.integer({ min: 1, max: 9 }),
  offer: fc.option<Offer, null>(offer, { freq: 8, nil: null }),
});

const tick: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("tick" as const),
  ms: fc.oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.integer({ min: -60_000, max: 60_000 })),
});

const visit: fc.Arbitrary<Command> = fc.record({
  do: fc.constantFrom(
    "cancel" as const,
    "release" as const,
    "expire" as const,
    "confirmFree" as const,
  ),
  order,
});

const pay = fc.record({ do: fc.constant("pay" as const), order, token });
const settle = fc.record(
  { do: fc.constant("settle" as const), order, money, attempt: fc.integer({ min: 1, max: 3 }) },
  { requiredKeys: ["do", "order", "money"] },
);
/** A refund that the operator requests. */
const refund: fc.Arbitrary<Command> = fc.record(
  {
    do: fc.constant("refund" as const),
    order,
    id: fc.constantFrom("r1", "r2", "r3", "r4"),
    quantity: fc.integer({ min: 1, max: 3 }),
    backOnSale: fc.boolean(),
  },
  { requiredKeys: ["do", "order", "id", "backOnSale"] },
);
const refundResult: fc.Arbitrary<RefundResult> = fc.oneof(
  fc.record(
    {
      outcome: fc.constant("refunded" as const),
      returned: fc.record({ amount: fc.integer({ min: 0, max: 100 }), at: fc.constant(START) }),
    },
    { requiredKeys: ["outcome"] },
  ),
  fc.constant({ outcome: "refund_failed" as const, reason: "expired_or_canceled_card" }),
);
const settleRefund = fc.record({
  do: fc.constant("settleRefund" as const),
  order,
  result: refundResult,
});
const lookUp = fc.record({
  do: fc.constant("lookUp" as const),
  order,
  event: fc.constantFrom("succeeded" as const, "changed" as const),
});

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: reserve },
  { weight: 3, arbitrary: pay },
  { weight: 6, arbitrary: visit },
  { weight: 6, arbitrary: settle },
  { weight: 1, arbitrary: lookUp },
  { weight: 2, arbitrary: refund },
  { weight: 2, arbitrary: settleRefund },
  { weight: 4, arbitrary: configure },
  { weight: 4, arbitrary: tick },
);

/** A sale, then any commands in any order, each up to three times in a row. */
const anything = sequence(offer, command, 60);

/** Few units, short holds and many payments, so that money arrives after the units were sold to others. */
const lateMoney = sequence(
  fc.integer({ min: 1, max: 4 }).map((stock) => anOffer(stock, 100)),
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(reserve, fc.uuid()).map(([c, key]) => ({ ...c, key, token: "t" })),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(4_000, 11_000).map((ms) => ({ do: "tick" as const, ms })),
    },
    { weight: 3, arbitrary: order.map((n) => ({ do: "expire" as const, order: n })) },
    {
      weight: 4,
      arbitrary: order.map((n) => ({
        do: "settle" as const,
        order: n,
        money: { outcome: "charged" as const, chargeId: "c" },
      })),
    },
    { weight: 1, arbitrary: command },
  ),
  40,
);

export const history: fc.Arbitrary<Command[]> = fc.oneof(anything, lateMoney);

/** A report of the shop's own checkout. A few references for each order, so that reports repeat and cross. */
const report: fc.Arbitrary<Command & { do: "report" }> = fc.record({
  do: fc.constant("report" as const),
  order,
  report: fc.record({
    outcome: fc.constantFrom("charged", "charged", "declined", "refunded"),
    reference: fc.constantFrom("r1", "r2", "r3"),
  }),
});

/** A shop that charges in its own checkout: no payment comes with an order, and few units make late money meet none. */
export const externalHistory: fc.Arbitrary<Command[]> = sequence(
  fc.integer({ min: 1, max: 4 }).map((stock) => anOffer(stock, 100)),
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom("ann", "bob", "cyd"), fc.integer({ min: 1, max: 2 }), fc.uuid())
        .map(([user, quantity, key]) => ({
          do: "reserve" as const,
          user,
          quantity,
          key,
          body: "one",
        })),
    },
    { weight: 8, arbitrary: report },
    { weight: 3, arbitrary: visit },
    { weight: 3, arbitrary: tick },
    { weight: 1, arbitrary: configure },
  ),
  60,
);

function sequence(
  first: fc.Arbitrary<Offer>,
  rest: fc.Arbitrary<Command>,
  maxLength: number,
): fc.Arbitrary<Command[]> {
  const times = fc.constantFrom(1, 1, 1, 2, 3);
  return fc
    .tuple(first, fc.array(fc.tuple(rest, times), { minLength: 5, maxLength }))
    .map(([opening, steps]) => [
      { do: "configure", revision: 0, offer: opening },
      ...steps.flatMap(([step, count]) => Array<Command>(count).fill(step)),
    ]);
}
