// What a ledger knows after it woke is what reading all of its orders tells, after any history: orders that finish, are opened
// again, and are written by an older release.
import fc from "fast-check";
import { expect, test } from "vitest";
import { unitsOwned } from "../../src/inventory/decide-order.ts";
import { asCounted, type Setup } from "../../src/inventory/decide-stock.ts";
import { Ledger } from "../../src/inventory/ledger.ts";
import { LedgerIndex } from "../../src/inventory/ledger-index.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { SELECT_ORDERS, toOrderRow } from "../../src/inventory/tables.ts";
import { anOffer, SKU, START } from "./commands.ts";
import { nodeStorage } from "./node-storage.ts";

type Storage = ReturnType<typeof nodeStorage>;

/** What a change makes of an order. */
const CHANGES: Record<string, (row: OrderRow) => Partial<OrderRow>> = {
  confirm: () => ({ status: "confirmed" }),
  cancel: () => ({ status: "cancelled" }),
  expire: () => ({ status: "expired" }),
  refund: () => ({ status: "refunded" }),
  refundSome: ({ quantity }) => ({ returns: returning(quantity - 1) }),
  failRefund: () => ({ payment: { token: "t", state: "refund_failed" } }),
  repairRefund: () => ({ payment: { token: "t", state: "refunded" } }),
  pay: () => ({ payment: { token: "t", state: "due" } }),
  pause: ({ payment }) => ({
    payment: payment ? { ...payment, pause: { since: START, left: 1 } } : null,
  }),
  dispute: () => ({ dispute: { id: "d", status: "needs_response", at: START } }),
  closeDispute: () => ({ dispute: { id: "d", status: "won", at: START } }),
};

const returning = (quantity: number): OrderRow["returns"] => ({
  ...{ reported: 0, reportedAt: 0, correctedAt: 0, floor: 0 },
  refunds: [
    {
      ...{ id: "r", fingerprint: "", quantity, amount: 0, backOnSale: true, reason: "" },
      ...{ acceptedAt: START, state: "succeeded", isTaken: true },
    },
  ],
});

const order = fc.nat(40);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("reserve" as const),
      user: fc.nat(15),
      units: fc.nat(3),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      order,
      isFinal: fc.boolean(),
      to: fc.constantFrom(...Object.keys(CHANGES)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("acknowledge" as const, "owe" as const, "deliver" as const),
      order,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("wake" as const, "combine" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("limit" as const, "unlimit" as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("rollBack" as const), order }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const terms = { ...anOffer(100, 100).terms, saleLimit: 5 };
const { saleLimit: _, ...unlimited } = terms;
const setup: Setup = { skuId: SKU, revision: 1, terms: unlimited, stocked: 100, traced: {} };

/** A ledger that is used, and put to sleep, and woken. */
class Subject {
  readonly storage: Storage = nodeStorage();
  ledger = new Ledger(this.storage);

  constructor() {
    this.ledger.saveSetup(setup);
  }

  get rows(): OrderRow[] {
    return this.storage.sql.exec(SELECT_ORDERS).toArray().map(toOrderRow);
  }

  apply(step: Step): void {
    switch (step.do) {
      case "reserve":
        this.#reserve(`user-${step.user}`, step.units + 1);
        break;
      case "wake":
        this.ledger = new Ledger(this.storage);
        break;
      case "combine":
        this.ledger.tallies.combine();
        break;
      case "limit":
        this.#limit();
        break;
      case "unlimit":
        this.ledger.saveSetup(setup);
        break;
      default: {
        const row = this.rows[step.order % this.rows.length];
        if (row) this.#change(row, step);
      }
    }
  }

  #change(row: OrderRow, step: Step & { order: number }): void {
    switch (step.do) {
      case "acknowledge":
        this.#save(row, { acknowledged: row.version });
        break;
      case "owe":
        this.#save(row, { owedSince: START });
        break;
      case "deliver":
        this.#save(row, { owedSince: null });
        break;
      case "change":
        this.#save(row, {
          ...CHANGES[step.to]?.(row),
          version: row.version + 1,
          ...(step.isFinal ? { acknowledged: row.version + 1 } : {}),
        });
        break;
      case "rollBack":
        this.#rollBack(row);
    }
  }

  #save(row: OrderRow, change: Partial<OrderRow>): void {
    this.ledger.save(row, { ...row, ...change });
    // The allowance confirms what is reported.
    for (const ref of [...this.ledger.index.uncounted.values()]) this.#count(ref);
  }

  #count(ref: { userId: string; orderId: string }): void {
    const row = this.ledger.order(ref);
    if (row) this.ledger.markCounted(ref, unitsOwned([row]));
  }

  #reserve(userId: string, quantity: number): void {
    const orderId = this.#nextId;
    const isFirst = this.ledger.ordersOf(userId).length === 0;
    this.ledger.save(undefined, { ...NEW, userId, orderId, quantity }, isFirst);
  }

  /** Limits the sale, and counts all of its orders. */
  #limit(): void {
    this.ledger.saveSetup({ ...setup, terms });
    for (const row of this.rows) this.#count(row);
    this.ledger.saveSetup(asCounted({ ...setup, terms }));
  }

  /** An older release confirms an order, or accepts one, without the columns of newer ones. The next release wakes after it. */
  #rollBack({ userId, orderId }: OrderRow): void {
    const { sql } = this.storage;
    const { rows } = this;
    if (rows.length % 2 === 0) {
      const confirm = "UPDATE orders SET status = 'confirmed', version = version + 1";
      sql.exec(`${confirm} WHERE user_id = ? AND order_id = ?`, userId, orderId);
    } else {
      const names = COLUMNS.join(", ");
      const copied = COLUMNS.map((name) => (name === "order_id" ? "? AS order_id" : name));
      sql.exec(
        `INSERT INTO orders (${names}) SELECT ${copied.join(", ")} FROM orders WHERE user_id = ? AND order_id = ?`,
        ...[this.#nextId, userId, orderId],
      );
    }
    this.ledger = new Ledger(this.storage);
  }

  get #nextId(): string {
    return `${SKU}.0.${String(this.rows.length).padStart(20, "0")}`;
  }
}

const NEW: OrderRow = {
  ...{ userId: "", orderId: "", saleId: "sale", skuId: SKU, quantity: 1, status: "reserved" },
  ...{ unitPrice: terms.unitPrice, createdAt: START, expiresAt: START + 10_000, changedAt: START },
  ...{ acceptedUntil: null, version: 1, acknowledged: 0, owedSince: null, payment: null },
  ...{ reason: null, returns: null, dispute: null, traces: null, item: null, counted: null },
  ...{ idempotencyKey: "key", fingerprint: "same" },
};

/** What the orders tell, each of them read. */
function readAll(rows: OrderRow[], countedSale: string | undefined): LedgerIndex {
  const index = new LedgerIndex();
  index.limitedSale = countedSale;
  for (const row of rows) index.load(row);
  return index;
}

const COLUMNS = SELECT_ORDERS.replace(/^SELECT | FROM orders$/g, "").split(", ");

const idsOf = (orders: Map<string, unknown>) => [...orders.keys()].sort();
const whatIsOpen = (index: LedgerIndex) => ({
  unacknowledged: idsOf(index.unacknowledged),
  owed: idsOf(index.owed),
  refundsFailed: idsOf(index.refundsFailed),
  disputed: idsOf(index.disputed),
  holdsPaused: index.holdsPaused,
  nextHoldEnd: index.nextHoldEnd,
});

test("a ledger that wakes knows what reading all orders would tell, whatever happened before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const subject = new Subject();
      for (const step of steps) {
        subject.apply(step);
        const { rows } = subject;
        const expected = readAll(rows, subject.ledger.setup?.countedSale);
        expect(subject.ledger.index.units).toEqual(expected.units);
        expect(subject.ledger.buyers.size).toBe(new Set(rows.map(({ userId }) => userId)).size);
        const woken = new Ledger(subject.storage);
        expect(woken.index.units).toEqual(expected.units);
        expect(whatIsOpen(woken.index)).toEqual(whatIsOpen(expected));
        expect(woken.buyers.size).toBe(subject.ledger.buyers.size);
      }
    }),
    { numRuns: 40 },
  );
});
