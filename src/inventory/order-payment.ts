// The money of an order as the ledger stores it: its payment, and a dispute of its charge.
import * as z from "zod";

export const paymentStateSchema = z.enum([
  "due",
  "processing",
  "action_required",
  "declined",
  "charged",
  "voided",
  "refund_due",
  "refund_failed",
  "refunded",
]);

/**
 * A payment of an order. Its state says where the money is. `due`: to be charged, or perhaps charged without a
 * confirmation yet. `action_required`: the bank asks the buyer something. `processing`: the provider is still
 * working. `declined`: another method can be tried while the hold runs. `voided`: no charge can succeed any more.
 * `refund_due`: charged, but there are no units for it, or the operator requested a refund. `refund_failed`: an operator
 * must step in.
 */
export interface Payment {
  /** The payment method that was given last. Empty if `isExternal`. */
  token: string;
  /** Whether the shop's own checkout took it. The shop then moves the money and reports it. Absent: a gateway does. */
  isExternal?: true;
  state: z.output<typeof paymentStateSchema>;
  /** Which of the buyer's methods this is, counted from 1. Absent in payments from before there could be several. */
  attempt?: number;
  /** The methods that were declined or replaced before it. Absent if it came with the order. */
  usedTokens?: string[];
  /** When the buyer gave it: milliseconds. Absent if it came with the order. */
  givenAt?: number;
  /** The provider's id of the payment (Stripe: the PaymentIntent), or the shop's reference. Absent until known. */
  chargeId?: string;
  /** Payments that the provider reported as paid for the order before its own was known. The others are raised then. */
  claims?: string[];
  /** Lets its holder answer the bank. For the owner alone, and only while an action is required. */
  clientSecret?: string;
  /** Where the provider sends its receipt. Leaves the ledger once the order is no longer reserved. */
  receiptEmail?: string;
  /** Set while the hold's clock stands still: since when, and how much of the hold is left. Milliseconds. */
  pause?: { since: number; left: number };
  /** How long the clock stood still in earlier pauses. Absent before the first one ended. */
  pausedMs?: number;
  /** Whether the provider was asked once more because the hold was about to end. Not asked again for this method. */
  isLastLook?: true;
}

/** The newest dispute of a charge: the cardholder contests it at their bank. */
export interface Dispute {
  /** The provider's id of the dispute. */
  id: string;
  /** The provider's status, for example `needs_response`, `won` or `lost`. */
  status: string;
  /** When the provider reported it: milliseconds. */
  at: number;
}
