// The limit on repeated unpaid holds, which keeps one account from blocking units it never buys.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrderRow } from "../../src/inventory/order.ts";
import { refuseUnpaid } from "../../src/inventory/unpaid-holds.ts";
import { anOffer, type Command, START } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

const HOLD_MS = 10_000;
const { terms } = anOffer(1, 100);
const TERMS = { ...terms, closesAt: START + 1e10 };
const paid = { stock: 1, terms: TERMS };
const DECLINED = { outcome: "declined", reason: "card_declined" } as const;

/** A model with one unit on sale. */
function givenModel(offer = paid): LedgerModel {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer });
  return model;
}

let keys = 0;
function reserve(model: LedgerModel, more: Partial<Command & { do: "reserve" }> = {}): boolean {
  keys += 1;
  const command = { do: "reserve", user: "mallory", quantity: 1, body: "b" } as const;
  return model.apply({ ...command, key: `key-${keys}`, ...more }) > 0;
}

/** Applies `change` to the newest order, then lets its hold end. */
function lapse(model: LedgerModel, change?: (order: number) => Command): void {
  const order = model.orders.size - 1;
  if (change) model.apply(change(order));
  const { expiresAt = 0 } = [...model.orders.values()].at(-1) ?? {};
  model.apply({ do: "tick", ms: Math.max(HOLD_MS, expiresAt - model.now) });
  model.apply({ do: "expire", order });
}

/** A model in which `count` of mallory's holds have ended, each after `change`. */
function afterHolds(count: number, change?: (order: number) => Command): LedgerModel {
  const model = givenModel();
  for (let i = 0; i < count; i += 1) {
    expect(reserve(model)).toBe(true);
    lapse(model, change);
  }
  return model;
}

const refusal = (model: LedgerModel, demand: "pay" | "wait" | undefined = "pay", terms = TERMS) =>
  refuseUnpaid(model.stateOf("mallory").mine, terms, demand, model.now);

describe("after two unpaid holds", () => {
  test("the third order must include a payment method, and the second need not", () => {
    expect(refusal(afterHolds(1))).toBeUndefined();
    const model = afterHolds(2);
    expect(refusal(model)).toMatchObject({ reason: "payment_method_required" });
    expect(reserve(model, { afterUnpaid: "pay" })).toBe(false);
    expect(reserve(model, { token: "tok" })).toBe(true);
  });

  test("a cancelled hold counts the same as an expired one", () => {
    expect(refusal(afterHolds(2, (order) => ({ do: "cancel", order })))).toBeDefined();
  });

  test.each<[string, (order: number) => Command]>([
    ["the card is declined", (order) => ({ do: "settle", order, money: DECLINED })],
    ["the order is cancelled", (order) => ({ do: "cancel", order })],
    ["the hold expires", () => ({ do: "tick", ms: 1 })],
  ])("a card added at the last moment does not avoid the limit when %s", (_, ending) => {
    const model = givenModel();
    for (let i = 0; i < 3 && !refusal(model); i += 1) {
      reserve(model);
      model.apply({ do: "tick", ms: HOLD_MS - 1 });
      model.apply({ do: "pay", order: i, token: "tok" });
      model.apply(ending(i));
      lapse(model);
      model.apply({ do: "settle", order: i, money: { outcome: "voided" } });
    }
    expect(refusal(model)).toMatchObject({ reason: "rate_limited" });
  });

  test("a payment method that came with the order does not help after declined ones", () => {
    const model = givenModel();
    for (let i = 0; i < 2; i += 1) {
      expect(reserve(model, { token: "tok" })).toBe(true);
      lapse(model, (order) => ({ do: "settle", order, money: DECLINED }));
    }
    expect(refusal(model, undefined)).toMatchObject({ reason: "rate_limited" });
    expect(reserve(model, { token: "tok" })).toBe(false);
  });

  test("other buyers are not affected", () => {
    expect(reserve(afterHolds(2), { user: "ann", afterUnpaid: "pay" })).toBe(true);
  });

  test("a retry with an earlier idempotency key still returns its order", () => {
    const model = givenModel();
    reserve(model, { key: "first" });
    lapse(model);
    reserve(model);
    lapse(model);
    const again = { do: "reserve", user: "mallory", quantity: 1, body: "b", key: "first" } as const;
    expect(model.apply({ ...again, afterUnpaid: "pay" })).toBe(0);
    expect(model.orders.size).toBe(2);
  });
});

describe("a hold does not count as unpaid", () => {
  const pay = (order: number): Command => ({ do: "pay", order, token: "tok" });
  const settle = (order: number, outcome: "declined" | "voided"): Command => ({
    do: "settle",
    order,
    money: outcome === "declined" ? DECLINED : { outcome },
  });

  test("if it ended while its charge was pending, because that delay is ours", () => {
    expect(refusal(afterHolds(3, pay))).toBeUndefined();
  });

  test("if its payment was declined and the buyer canceled at once", () => {
    const model = givenModel();
    for (let i = 0; i < 3; i += 1) {
      reserve(model, { token: "tok" });
      model.apply(settle(i, "declined"));
      model.apply({ do: "cancel", order: i });
    }
    expect(refusal(model)).toBeUndefined();
  });

  test("if the buyer tried a card early in each hold and it was declined", () => {
    const model = givenModel();
    for (let i = 0; i < 9; i += 1) {
      reserve(model);
      model.apply({ do: "tick", ms: HOLD_MS / 5 });
      model.apply(pay(i));
      model.apply(settle(i, "declined"));
      model.apply({ do: "cancel", order: i });
    }
    expect(refusal(model)).toBeUndefined();
  });

  test("if its charge was voided afterwards", () => {
    const model = afterHolds(3, pay);
    for (const order of [0, 1, 2]) model.apply(settle(order, "voided"));
    expect(refusal(model)).toBeUndefined();
  });

  test("if the buyer canceled early and the payment was voided much later", () => {
    const model = givenModel();
    for (let i = 0; i < 3; i += 1) {
      expect(reserve(model, { token: "tok" })).toBe(true);
      model.apply({ do: "settle", order: i, money: { ...DECLINED, chargeId: "c" } });
      model.apply({ do: "cancel", order: i });
      model.apply({ do: "tick", ms: 6 * HOLD_MS });
      model.apply(settle(i, "voided"));
    }
    expect(refusal(model)).toBeUndefined();
  });

  test("if its late money could not be returned", () => {
    const model = givenModel();
    for (let order = 0; order < 3; order += 1) {
      reserve(model);
      model.apply({ do: "tick", ms: HOLD_MS - 1 });
      model.apply(pay(order));
      model.apply({ do: "cancel", order });
      model.apply({ do: "settle", order, money: { outcome: "charged", chargeId: "c" } });
      model.apply({ do: "settle", order, money: { outcome: "refund_failed", reason: "closed" } });
    }
    expect(refusal(model)).toBeUndefined();
  });

  test("while it is still running", () => {
    const model = givenModel(anOffer(5, 100));
    for (let i = 0; i < 4; i += 1) expect(reserve(model, { afterUnpaid: "pay" })).toBe(true);
  });
});

describe("if an order cannot include a payment method", () => {
  test("the wait doubles with each unpaid hold, up to one day", () => {
    const model = afterHolds(2);
    const waits: number[] = [];
    for (let i = 0; i < 16; i += 1) {
      const refused = refusal(model, "wait");
      const seconds = refused?.reason === "rate_limited" ? refused.retryAfterSeconds : 0;
      waits.push(seconds);
      model.apply({ do: "tick", ms: seconds * 1_000 - 1 });
      expect(reserve(model, { afterUnpaid: "wait" })).toBe(false);
      model.apply({ do: "tick", ms: 1 });
      expect(reserve(model, { afterUnpaid: "wait" })).toBe(true);
      lapse(model);
    }
    expect(waits.slice(0, 5)).toEqual([10, 20, 40, 80, 160]);
    expect(waits.slice(-2)).toEqual([86_400, 86_400]);
  });

  test("a buyer who tries every minute gets nine 5-minute holds in 8.4 hours, not 101", () => {
    const model = givenModel({
      ...paid,
      terms: { ...TERMS, holdSeconds: 300 },
    });
    for (let minute = 0; minute < 8.4 * 60; minute += 1) {
      for (const index of [...model.orders.keys()].keys()) {
        model.apply({ do: "expire", order: index });
      }
      reserve(model, { afterUnpaid: "wait" });
      model.apply({ do: "tick", ms: 60_000 });
    }
    expect(model.orders.size).toBeLessThanOrEqual(9);
  });

  test("a clock that is set back does not extend the wait", () => {
    const model = afterHolds(3);
    model.apply({ do: "tick", ms: -365 * 86_400_000 });
    expect(refusal(model, "wait")).toMatchObject({ retryAfterSeconds: 20 });
  });
});

test("cancelling a free order repeatedly leads to a wait, because a free order carries no payment", () => {
  const model = givenModel(anOffer(1, 0));
  for (let i = 0; i < 2; i += 1) {
    expect(reserve(model, { afterUnpaid: "pay" })).toBe(true);
    model.apply({ do: "cancel", order: model.orders.size - 1 });
  }
  for (const demand of ["pay", "wait", undefined] as const) {
    expect(refusal(model, demand, anOffer(1, 0).terms)).toMatchObject({
      reason: "rate_limited",
      retryAfterSeconds: 10,
    });
  }
});

test("every refusal either demands a payment method or names a wait that ends", () => {
  const row = fc.record({
    status: fc.constantFrom("reserved", "confirmed", "cancelled", "expired", "refunded"),
    payment: fc.constantFrom(null, { token: "t", state: "due" }),
    expiresAt: fc.integer({ min: START - 1e9, max: START + 1e9 }),
    changedAt: fc.integer({ min: START - 1e9, max: START + 1e9 }),
  }) as fc.Arbitrary<OrderRow>;
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 120 }),
      fc.constantFrom("pay" as const, "wait" as const, undefined),
      fc.integer({ min: 1, max: 86_400 }),
      (mine, demand, holdSeconds) => {
        const refused = refuseUnpaid(mine, { ...TERMS, holdSeconds }, demand, START);
        if (refused?.reason !== "rate_limited") return;
        expect(refused.retryAfterSeconds).toBeGreaterThanOrEqual(1);
        expect(refused.retryAfterSeconds).toBeLessThanOrEqual(86_400);
        const later = START + refused.retryAfterSeconds * 1_000;
        const past = mine.map((order) => ({
          ...order,
          expiresAt: Math.min(order.expiresAt, START),
          changedAt: Math.min(order.changedAt, START),
        }));
        expect(refuseUnpaid(past, { ...TERMS, holdSeconds }, demand, later)).toBeUndefined();
      },
    ),
  );
});
