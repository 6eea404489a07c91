// The interface of payment providers. Every call may be repeated: the order id is the idempotency key, so a repeated
// call finds the first attempt instead of moving money again.

import type { MoneyOutcome } from "../inventory/decide-outcome.ts";
import type { Money } from "../values/money.ts";

/** The order to charge or to void. */
export interface PaymentRequest {
  orderId: string;
  userId: string;
  /** The total: unit price × quantity, in minor units. */
  amount: Money;
  paymentToken: string;
  /** Where the provider sends its receipt. Null or absent: nowhere. */
  receiptEmail?: string | null;
  /** Which of the buyer's payment methods this is, counted from 1. */
  attempt: number;
  /** The provider's id of the payment, once known. */
  chargeId: string | null;
  /** Whether it is only looked up because the hold ends, without a word of the buyer. For the sandbox. */
  isLastLook?: boolean;
  /** ISO 8601. Providers forget idempotency keys after a day, so older orders are searched for. */
  createdAt: string;
}

export interface RefundRequest {
  orderId: string;
  userId: string;
  chargeId: string;
  amount: Money;
  /** The operator's refund. Absent if late money is returned, which is always the whole charge. */
  refundId?: string;
  /** When the operator requested it: milliseconds since 1970. */
  acceptedAt?: number;
}

/** The provider could not tell: slow, down, still working. The order stays as it is and is retried. */
export interface Unknown {
  outcome: "unknown";
  /** For the log; never shown to buyers. */
  cause: string;
  /** The provider refused the call because there were too many. Slows all calls down, and counts as no try. */
  isLimited?: true;
}

/** The provider works on it and answers later, perhaps in days. Retried without counting as a failure. */
export interface Pending {
  outcome: "pending";
  cause: string;
}

type Outcome<Kind extends MoneyOutcome["outcome"]> = Extract<MoneyOutcome, { outcome: Kind }>;
/** `fingerprint`: the provider's name for the card's number, the same for every payment with it. Never stored as it is. */
export type Charged = Omit<Outcome<"charged">, "card"> & { fingerprint?: string };
export type ChargeOutcome =
  | Charged
  | Outcome<"action_required" | "processing" | "declined">
  | Unknown;
export type VoidOutcome = Charged | Outcome<"voided"> | Pending | Unknown;
export type RefundOutcome = Outcome<"refunded" | "refund_failed"> | Pending | Unknown;

/** A payment provider. The saga treats an exception as `unknown`. */
export interface PaymentGateway {
  /** Takes the money once, however often it is called and whatever methods the buyer tries. */
  charge(request: PaymentRequest): Promise<ChargeOutcome>;
  /**
   * Makes sure that no charge of this order can succeed any more, or finds the one that did. After `voided`, a
   * concurrent charge will be declined.
   */
  void(request: PaymentRequest): Promise<VoidOutcome>;
  /** Returns the amount once for each refund id, however often it is called, and never more than was charged. */
  refund(request: RefundRequest): Promise<RefundOutcome>;
}
