// Refunds that the shop makes at its provider, some of which fail, under events that repeat and come in any order. Each event
// is read with what the provider returned by then.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decideReturnFailed } from "../../src/inventory/decide-reported.ts";
import { type OrderRow, toOrder } from "../../src/inventory/order.ts";
import { anOffer } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

const PRICE = 100;
const QUANTITY = 4;

function givenPaid(): LedgerModel {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(QUANTITY, PRICE) });
  const reserve = { do: "reserve", user: "ann", key: "k", body: "b", token: "tok_a" } as const;
  model.apply({ ...reserve, quantity: QUANTITY });
  const money = { outcome: "charged", chargeId: "c" } as const;
  model.apply({ do: "settle", order: 0, money });
  return model;
}

interface Event {
  hasFailed: boolean;
  at: number;
}

type Step =
  | { do: "refund"; amount: number }
  | { do: "fail"; index: number }
  | { do: "deliver"; index: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("refund" as const), amount: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ do: fc.constant("fail" as const), index: fc.nat(5) }),
  fc.record({ do: fc.constant("deliver" as const), index: fc.nat(9) }),
);

class Shop {
  readonly #model = givenPaid();
  readonly refunds: { amount: number; hasFailed: boolean }[] = [];
  readonly events: Event[] = [];
  #now = 1;

  get row(): OrderRow {
    return [...this.#model.orders.values()][0] as OrderRow;
  }

  returned(): number {
    return this.refunds.reduce((sum, { amount, hasFailed }) => sum + (hasFailed ? 0 : amount), 0);
  }

  take(step: Step): void {
    this.#now += 1;
    if (step.do === "refund") {
      // The provider returns no more than it received.
      if (this.returned() + step.amount > QUANTITY * PRICE) return;
      this.refunds.push({ amount: step.amount, hasFailed: false });
      this.events.push({ hasFailed: false, at: this.#now });
    } else if (step.do === "fail") {
      const refund = this.refunds[step.index];
      if (!refund || refund.hasFailed) return;
      refund.hasFailed = true;
      this.events.push({ hasFailed: true, at: this.#now });
    } else this.deliver(this.events[step.index]);
  }

  deliver(event: Event | undefined): void {
    if (!event) return;
    const before = toOrder(this.row).refunded.amount;
    const report = { amount: this.returned(), at: event.at };
    const failure = { ...report, reason: "returned" };
    if (!event.hasFailed) this.#model.reportReturned(this.row, report);
    else this.#model.save(this.row, decideReturnFailed(this.row, failure, this.#now));
    const isLower = toOrder(this.row).refunded.amount < before;
    if (isLower) expect(this.row.payment?.state).toBe("refund_failed");
  }
}

test("the order shows what the provider returned, and a failed refund is raised when it lowers that", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), fc.boolean(), (history, isReversed) => {
      const shop = new Shop();
      for (const step of history) shop.take(step);
      const events = isReversed ? shop.events.toReversed() : shop.events;
      for (const event of [...events, ...events]) shop.deliver(event);

      expect(toOrder(shop.row).refunded.amount).toBe(shop.returned());
    }),
    { numRuns: 2_000 },
  );
});
