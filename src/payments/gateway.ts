// What the saga needs from a payment provider. Every call may be repeated: the order id is the
// idempotency key, so a repetition finds the first attempt instead of moving money again.
import type { Money } from "../catalog/schema.ts";
import type { MoneyOutcome } from "../inventory/decide-order.ts";

export interface ChargeRequest {
  orderId: string;
  amount: Money;
  paymentToken: string;
}

/** The provider could not say: slow, down, still working. The order stays as it is and is tried again. */
export interface Unknown {
  outcome: "unknown";
  /** For the log; never shown to buyers. */
  cause: string;
}

type Outcome<Kind extends MoneyOutcome["outcome"]> = Extract<MoneyOutcome, { outcome: Kind }>;

export interface PaymentGateway {
  /** Takes the money once, however often it is asked. */
  charge(request: ChargeRequest): Promise<Outcome<"charged"> | Outcome<"declined"> | Unknown>;
  /**
   * Makes sure that no charge of this order can succeed any more, or finds the one that did. After
   * `voided`, a charge under way elsewhere will be declined.
   */
  void(request: ChargeRequest): Promise<Outcome<"charged"> | Outcome<"voided"> | Unknown>;
  /** Returns the whole amount once, however often it is asked. */
  refund(request: {
    orderId: string;
    chargeId: string;
    amount: Money;
  }): Promise<Outcome<"refunded"> | Unknown>;
}
