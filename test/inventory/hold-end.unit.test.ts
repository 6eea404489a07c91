// The end of a hold whose payment the provider has not decided: the provider is asked once more before the units go.
import fc from "fast-check";
import { expect, test } from "vitest";
import { endDueAt } from "../../src/inventory/decide-hold-end.ts";
import { type MoneyOutcome, moneyStep } from "../../src/inventory/decide-outcome.ts";
import { MAX_PAUSE_MS } from "../../src/inventory/hold-clock.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { anOffer, type Command } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

const HOLD_MS = anOffer(1).terms.holdSeconds * 1_000;
const ASKED = { outcome: "action_required", chargeId: "c", clientSecret: "s" } as const;
const PROCESSING = { outcome: "processing", chargeId: "c" } as const;
const CHARGED = { outcome: "charged", chargeId: "c" } as const;
const EXPIRE = { do: "expire", order: 0 } as const;

const answered = (money: MoneyOutcome): Command => ({ do: "settle", order: 0, money });

/** A buyer who looks their payment up again and again, and the provider that takes some time for each answer. */
const lookUps = fc.array(
  fc.record({
    afterMs: fc.nat(3_000),
    tookMs: fc.oneof(fc.nat(2_000), fc.nat(MAX_PAUSE_MS)),
    answer: fc.constantFrom(ASKED, PROCESSING),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Moves the clock to each end of the hold on the way, as the object's alarm does. */
function pass(model: LedgerModel, row: () => OrderRow, ms: number): void {
  const until = model.now + ms;
  while (row().status === "reserved" && endDueAt(row()) <= until) {
    model.now = Math.max(model.now, endDueAt(row()));
    if (model.apply(EXPIRE) === 0) break;
  }
  model.now = Math.max(model.now, until);
}

test("an order expires only after the provider was asked once more, and within the bound of its hold", () => {
  fc.assert(
    fc.property(lookUps, fc.constantFrom(ASKED, PROCESSING, CHARGED), (looks, last) => {
      const model = new LedgerModel();
      const row = () => [...model.orders.values()][0] as OrderRow;
      model.apply({ do: "configure", revision: 1, offer: anOffer(1, 100) });
      model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b", token: "t" });
      const { createdAt } = row();
      for (const { afterMs, tookMs, answer } of looks) {
        pass(model, row, tookMs);
        model.apply(answered(answer));
        pass(model, row, afterMs);
        model.apply({ do: "pay", order: 0, token: "t" });
      }
      // The consumer visits the order until nothing is due, and the alarm rings at each end of the hold.
      for (let round = 0; row().status === "reserved" && round < 10; round += 1) {
        if (moneyStep(row()) === "charge") model.apply(answered(last));
        pass(model, row, Math.max(1, endDueAt(row()) - model.now));
      }

      const isPaid =
        last === CHARGED && model.changes.every(({ after }) => after.status !== "expired");
      expect(row().status).toBe(isPaid ? "confirmed" : "expired");
      for (const { before, after, at } of model.changes) {
        if (before?.status !== "reserved" || after.status !== "expired") continue;
        const { state, isLastLook, pausedMs } = before.payment ?? {};
        const isBeingAsked = state === "due" || pausedMs === MAX_PAUSE_MS;
        expect(isLastLook || isBeingAsked).toBe(true);
        expect(at - createdAt).toBeLessThanOrEqual(HOLD_MS + MAX_PAUSE_MS);
      }
      const asked = model.changes.filter(
        ({ before, after }) => after.payment?.isLastLook && !before?.payment?.isLastLook,
      );
      expect(asked.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 1_000 },
  );
});

/** Given an order whose hold ended while the buyer was asked. */
function givenLastLook() {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(1, 100) });
  model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b", token: "t" });
  model.apply(answered(ASKED));
  model.apply({ do: "tick", ms: HOLD_MS });
  model.apply(EXPIRE);
  return { model, row: () => [...model.orders.values()][0] as OrderRow };
}

test("a buyer who answered the bank gets the unit although no event told of it", () => {
  const { model, row } = givenLastLook();
  expect(row()).toMatchObject({ status: "reserved", payment: { state: "due" } });
  model.apply({ do: "tick", ms: 20 * 60_000 });
  model.apply(EXPIRE);
  model.apply(answered(CHARGED));
  expect(row()).toMatchObject({ status: "confirmed", payment: { state: "charged" } });
});

test("a buyer who did not answer loses the unit as soon as the provider says so", () => {
  const { model, row } = givenLastLook();
  model.apply({ do: "tick", ms: 500 });
  model.apply(answered(ASKED));
  model.apply(EXPIRE);
  expect(row()).toMatchObject({ status: "expired", payment: { state: "action_required" } });
  expect(moneyStep(row())).toBe("void");
});

test("a provider that does not answer holds the unit for half an hour at most", () => {
  const { model, row } = givenLastLook();
  model.apply({ do: "tick", ms: MAX_PAUSE_MS - 1 });
  model.apply(EXPIRE);
  expect(row().status).toBe("reserved");
  model.apply({ do: "tick", ms: 1 });
  model.apply(EXPIRE);
  expect(row().status).toBe("expired");
});

test("no other card is taken once the hold ended without an answer", () => {
  const { model, row } = givenLastLook();
  model.apply(answered(ASKED));
  model.apply({ do: "pay", order: 0, token: "another" });
  expect(row().payment?.token).toBe("t");
});
