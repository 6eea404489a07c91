// Orders, the consumer and a correct bank under random histories: responses get lost, messages are duplicated
// and late, buyers cancel, holds end. In the end charges and orders must match exactly.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type MoneyOutcome, moneyStep } from "../../src/inventory/decide-outcome.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { anOffer, type Command, command } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

/** Tokens by what the bank makes of them; every other one is declined. */
const CHARGES = "tok_a";
const ASKS = "tok_c";
const TAKES_TIME = "tok_d";

interface Account {
  state: "open" | "charged" | "voided" | "refunded";
  /** What the newest method came to, while the account is open. */
  method: { attempt: number; is: "declined" | "asking" | "processing" };
}

/** A bank that moves money at most once per order, and repeats its answer to every further request. */
class Bank {
  readonly accounts = new Map<string, Account>();
  charged = 0;
  refunded = 0;

  do(row: OrderRow): MoneyOutcome | undefined {
    const step = moneyStep(row);
    if (step === "none") return undefined;
    const method = { attempt: 0, is: "declined" } as const;
    const account = this.accounts.get(row.orderId) ?? { state: "open", method };
    this.accounts.set(row.orderId, account);
    const { state } = account;
    if (step === "charge" && state === "open") this.#charge(row, account);
    if (step === "void" && state === "open" && account.method.is !== "processing") {
      account.state = "voided";
    }
    if (step === "refund" && state === "charged") this.#refund(account);
    return this.#answer(row, account);
  }

  #charge({ payment }: OrderRow, account: Account): void {
    const { token = "", attempt = 1 } = payment ?? {};
    if (attempt <= account.method.attempt) return;
    if (token === CHARGES) this.take(account);
    const is = token === ASKS ? "asking" : token === TAKES_TIME ? "processing" : "declined";
    account.method = { attempt, is };
  }

  take(account: Account): void {
    account.state = "charged";
    this.charged += 1;
  }

  #refund(account: Account): void {
    account.state = "refunded";
    this.refunded += 1;
  }

  #answer({ orderId }: OrderRow, { state, method }: Account): MoneyOutcome | undefined {
    const chargeId = `charge of ${orderId}`;
    if (state === "charged") return { outcome: "charged", chargeId };
    if (state === "refunded") return { outcome: "refunded" };
    if (state === "voided") return { outcome: "voided", chargeId };
    if (method.is === "asking") {
      return { outcome: "action_required", chargeId, clientSecret: `secret of ${orderId}` };
    }
    if (method.is === "processing") return { outcome: "processing", chargeId };
    return { outcome: "declined", reason: "card_declined", chargeId };
  }

  /** The buyer answers the bank's question, or the bank finishes its work. Nobody tells the shop. */
  finish(orderId: string, isGood: boolean): void {
    const account = this.accounts.get(orderId);
    if (account?.state !== "open" || account.method.is === "declined") return;
    if (isGood) this.take(account);
    else account.method = { ...account.method, is: "declined" };
  }
}

/** One visit of the consumer to one order. The bank's answer may get lost or arrive after later steps. */
type Visit = { do: "visit"; order: number; answer: "arrives" | "is lost" | "comes late" };
type Finish = { do: "finish"; order: number; isGood: boolean };

const visit: fc.Arbitrary<Visit> = fc.record({
  do: fc.constant("visit" as const),
  order: fc.nat(11),
  answer: fc.constantFrom("arrives", "arrives", "is lost", "comes late"),
});

const finish: fc.Arbitrary<Finish> = fc.record({
  do: fc.constant("finish" as const),
  order: fc.nat(11),
  isGood: fc.boolean(),
});

/** Steps that bypass the bank, and refunds, which `refunds.unit.test.ts` covers. */
const ELSEWHERE: ReadonlySet<string> = new Set(["settle", "settleRefund", "refund", "configure"]);

const steps: fc.Arbitrary<(Command | Visit | Finish)[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: command.filter((c) => !ELSEWHERE.has(c.do)) },
    { weight: 3, arbitrary: visit },
    { weight: 1, arbitrary: finish },
  ),
  { minLength: 10, maxLength: 80 },
);

interface Shop {
  model: LedgerModel;
  bank: Bank;
  late: { orderId: string; money: MoneyOutcome; attempt: number }[];
}

function settle({ model }: Shop, orderId: string, money: MoneyOutcome, attempt: number): void {
  const order = [...model.orders.keys()].indexOf(orderId);
  model.apply({ do: "settle", order, money, attempt });
}

const rowAt = (model: LedgerModel, order: number): OrderRow | undefined =>
  [...model.orders.values()][order % Math.max(1, model.orders.size)];

function visitOrder(shop: Shop, { order, answer }: Visit): void {
  const { model, bank, late } = shop;
  const row = rowAt(model, order);
  const money = row && bank.do(row);
  if (!row || !money || answer === "is lost") return;
  const attempt = row.payment?.attempt ?? 1;
  if (answer === "comes late") late.push({ orderId: row.orderId, money, attempt });
  else settle(shop, row.orderId, money, attempt);
}

/** Most steps that an order can still need: look up, last look, void, refund. */
const LAST_ROUNDS = 6;

/** What the outbox guarantees: every hold ends, and every order is visited until nothing is due. */
function drain(shop: Shop): void {
  const { model, bank, late } = shop;
  for (const { orderId, money, attempt } of late.reverse()) settle(shop, orderId, money, attempt);
  model.now += 1_000_000_000;
  for (const [index, { orderId }] of [...model.orders.values()].entries()) {
    for (let round = 0; round < LAST_ROUNDS; round += 1) {
      model.apply({ do: "expire", order: index });
      if (round === 1) bank.finish(orderId, index % 2 === 0);
      const row = model.orders.get(orderId) as OrderRow;
      const money = bank.do(row);
      if (money) settle(shop, orderId, money, row.payment?.attempt ?? 1);
    }
  }
}

test("every charge matches exactly one order or was refunded, and nothing stays open", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const shop: Shop = { model: new LedgerModel(), bank: new Bank(), late: [] };
      const { model, bank } = shop;
      model.apply({ do: "configure", revision: 1, offer: anOffer(6, 100) });
      for (const step of history) {
        if (step.do === "visit") visitOrder(shop, step);
        else if (step.do === "finish") {
          bank.finish(rowAt(model, step.order)?.orderId ?? "", step.isGood);
        } else model.apply(step);
      }
      drain(shop);

      const rows = [...model.orders.values()];
      const having = (status: string) => rows.filter((row) => row.status === status).length;
      expect(having("reserved")).toBe(0);
      expect(having("confirmed")).toBe(bank.charged - bank.refunded);
      expect(having("refunded")).toBe(bank.refunded);
      for (const row of rows) {
        expect(moneyStep(row)).toBe("none");
        const account = bank.accounts.get(row.orderId);
        expect(row.status === "confirmed").toBe(account?.state === "charged");
        // Nobody can be charged any more for an order that is over.
        if (row.payment && row.status !== "confirmed") expect(account?.state).not.toBe("open");
      }
    }),
    { numRuns: 2_000 },
  );
});
