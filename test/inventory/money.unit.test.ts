// Orders, the consumer and a correct bank under random histories: responses get lost, messages are duplicated
// and late, buyers cancel, holds end. In the end charges and orders must match exactly.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type MoneyOutcome, moneyStep } from "../../src/inventory/decide-order.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { anOffer, type Command, command } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

/** A bank that moves money at most once per order, and repeats its answer to every further request. */
class Bank {
  readonly charges = new Map<string, "charged" | "declined" | "voided" | "refunded">();
  charged = 0;
  refunded = 0;

  do(row: OrderRow): MoneyOutcome | undefined {
    const known = this.charges.get(row.orderId);
    switch (moneyStep(row)) {
      case "charge":
        if (!known) this.#charge(row);
        return this.#answer(row.orderId);
      case "void":
        if (!known) this.charges.set(row.orderId, "voided");
        return this.#answer(row.orderId);
      case "refund":
        if (known === "charged") this.refunded += 1;
        this.charges.set(row.orderId, "refunded");
        return { outcome: "refunded" };
      default:
        return undefined;
    }
  }

  #charge({ orderId, payment }: OrderRow): void {
    const good = payment?.token === "tok_a";
    this.charges.set(orderId, good ? "charged" : "declined");
    if (good) this.charged += 1;
  }

  #answer(orderId: string): MoneyOutcome {
    switch (this.charges.get(orderId)) {
      case "charged":
      case "refunded":
        return { outcome: "charged", chargeId: `charge of ${orderId}` };
      case "declined":
        return { outcome: "declined", reason: "card_declined" };
      default:
        return { outcome: "voided" };
    }
  }
}

/** One visit of the consumer to one order. The bank's answer may get lost or arrive after later steps. */
type Visit = { do: "visit"; order: number; answer: "arrives" | "is lost" | "comes late" };

const visit: fc.Arbitrary<Visit> = fc.record({
  do: fc.constant("visit" as const),
  order: fc.nat(11),
  answer: fc.constantFrom("arrives", "arrives", "is lost", "comes late"),
});

const steps: fc.Arbitrary<(Command | Visit)[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: command.filter((c) => c.do !== "settle" && c.do !== "configure") },
    { weight: 1, arbitrary: visit },
  ),
  { minLength: 10, maxLength: 80 },
);

interface Simulation {
  model: LedgerModel;
  bank: Bank;
  late: { orderId: string; money: MoneyOutcome }[];
}

function settle({ model }: Simulation, orderId: string, money: MoneyOutcome): void {
  const order = [...model.orders.keys()].indexOf(orderId);
  model.apply({ do: "settle", order, money });
}

function visitOrder(sim: Simulation, { order, answer }: Visit): void {
  const { model, bank, late } = sim;
  const row = [...model.orders.values()][order % Math.max(1, model.orders.size)];
  const money = row && bank.do(row);
  if (!row || !money || answer === "is lost") return;
  if (answer === "comes late") late.push({ orderId: row.orderId, money });
  else settle(sim, row.orderId, money);
}

/** Does what the outbox guarantees: every hold ends, and every order is visited until nothing is due. */
function drain(sim: Simulation): void {
  const { model, bank, late } = sim;
  for (const { orderId, money } of late.reverse()) settle(sim, orderId, money);
  model.now += 1_000_000_000;
  for (const [index, { orderId }] of [...model.orders.values()].entries()) {
    model.apply({ do: "expire", order: index });
    for (let round = 0; round < 2; round += 1) {
      const money = bank.do(model.orders.get(orderId) as OrderRow);
      if (money) settle(sim, orderId, money);
    }
  }
}

test("every charge has a confirmed order or was refunded once, and every paid order was charged once", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const sim: Simulation = { model: new LedgerModel(), bank: new Bank(), late: [] };
      sim.model.apply({ do: "configure", revision: 1, offer: anOffer(6, 100) });
      for (const step of history) {
        if (step.do === "visit") visitOrder(sim, step);
        else sim.model.apply(step);
      }
      drain(sim);

      const { model, bank } = sim;
      const rows = [...model.orders.values()];
      const having = (status: string) => rows.filter((row) => row.status === status).length;
      expect(having("reserved")).toBe(0);
      expect(having("confirmed")).toBe(bank.charged - bank.refunded);
      expect(having("refunded")).toBe(bank.refunded);
      for (const row of rows) {
        expect(["none", "void"]).toContain(moneyStep(row));
        expect(row.status === "confirmed").toBe(bank.charges.get(row.orderId) === "charged");
      }
    }),
    { numRuns: 2_000 },
  );
});
