// The consumer's side of the object: the claim on an order, and the session that continues it.
import { RpcTarget } from "cloudflare:workers";
import type { ExtraEvent } from "../config/webhook-events.ts";
import type { Money } from "../values/money.ts";
import { attemptOf } from "./attempts.ts";
import { type MoneyOutcome, type MoneyStep, moneyStep } from "./decide-outcome.ts";
import { type Order, type OrderRow, toOrder } from "./order.ts";
import type { OrderRef } from "./order-id.ts";
import { refundToTake } from "./returns.ts";

/** An order as the consumer gets it. `paymentToken` is set when `step` is `charge`. */
export interface Claim extends OrderRef {
  order: Order;
  step: MoneyStep;
  paymentToken: string | null;
  /** Where the provider sends its receipt. */
  receiptEmail: string | null;
  /** Which of the buyer's payment methods it is, counted from 1. */
  attempt: number;
  chargeId: string | null;
  /** Whether the payment is only looked up because the hold ends, without a word of the buyer. */
  isLastLook: boolean;
  /** The operator's refund that `step` is about. Null if it returns late money. */
  refund: DueRefund | null;
  /** The request that last changed the order, if the object still knows it. For the log. */
  requestId?: string;
}

export interface DueRefund {
  id: string;
  amount: Money;
  /** Milliseconds since 1970. */
  acceptedAt: number;
  /** Whether the provider is known to work on it. */
  isPending: boolean;
}

/** The payment provider's report about one order. */
export interface PaymentResult extends OrderRef {
  money: MoneyOutcome | { outcome: "pending" };
  /** The payment method that it is about. */
  attempt: number;
  /** The operator's refund that it is about, if any. */
  refundId?: string | undefined;
}

/** A version of an order that the read model has. */
export interface WrittenVersion extends OrderRef {
  version: number;
  /** Whether the shop receives events. */
  owed?: boolean;
}

/** The calls that a session may make to its object. */
interface ClaimOwner {
  recordPayments(results: PaymentResult[]): Promise<Claim[]>;
  acknowledge(written: WrittenVersion[], extra: readonly ExtraEvent[]): void;
}

/** Continues a claim within the same call, so a batch costs one billed request for each object. */
export class ClaimSession extends RpcTarget {
  readonly #inventory: ClaimOwner;

  constructor(inventory: ClaimOwner) {
    super();
    this.#inventory = inventory;
  }

  recordPayments(results: PaymentResult[]): Promise<Claim[]> {
    return this.#inventory.recordPayments(results);
  }

  acknowledge(written: WrittenVersion[], extra: readonly ExtraEvent[] = []): void {
    this.#inventory.acknowledge(written, extra);
  }
}

export function toClaim(row: OrderRow): Claim {
  const refund = refundToTake(row);
  return {
    userId: row.userId,
    orderId: row.orderId,
    order: toOrder(row),
    step: moneyStep(row),
    paymentToken: row.payment?.token ?? null,
    receiptEmail: row.payment?.receiptEmail ?? null,
    attempt: row.payment ? attemptOf(row.payment) : 1,
    chargeId: row.payment?.chargeId ?? null,
    isLastLook: row.payment?.isLastLook ?? false,
    refund: refund
      ? {
          id: refund.id,
          amount: { ...row.unitPrice, amount: refund.amount },
          acceptedAt: refund.acceptedAt,
          isPending: refund.isPending ?? false,
        }
      : null,
  };
}
