// The consumer's side of the object: what it is handed for an order, and the session that settles it.
import { RpcTarget } from "cloudflare:workers";
import { type MoneyOutcome, type MoneyStep, moneyStep } from "./decide-order.ts";
import { type Order, type OrderRow, toOrder } from "./order.ts";
import type { OrderRef } from "./order-id.ts";

/** One order as the consumer must deal with it; `paymentToken` is set when `step` is `charge`. */
export interface Claim extends OrderRef {
  order: Order;
  step: MoneyStep;
  paymentToken: string | null;
  chargeId: string | null;
}

export interface PaymentResult extends OrderRef {
  money: MoneyOutcome;
}

/** A version of an order that the read model has. */
export interface WrittenVersion extends OrderRef {
  version: number;
  /** Whether the shop wants to hear of final changes. */
  owed?: boolean;
}

/** What a session may do to its object. */
interface Settleable {
  recordPayments(outcomes: PaymentResult[]): Claim[];
  acknowledge(written: WrittenVersion[]): void;
}

/** Continues a claim within the same call: one object request per SKU and batch is what gets billed. */
export class ClaimSession extends RpcTarget {
  readonly #inventory: Settleable;

  constructor(inventory: Settleable) {
    super();
    this.#inventory = inventory;
  }

  recordPayments(outcomes: PaymentResult[]): Claim[] {
    return this.#inventory.recordPayments(outcomes);
  }

  acknowledge(written: WrittenVersion[]): void {
    this.#inventory.acknowledge(written);
  }
}

export function toClaim(row: OrderRow): Claim {
  return {
    userId: row.userId,
    orderId: row.orderId,
    order: toOrder(row),
    step: moneyStep(row),
    paymentToken: row.payment?.token ?? null,
    chargeId: row.payment?.chargeId ?? null,
  };
}
