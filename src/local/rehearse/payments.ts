// Where an instance's payments go: which payment methods its buyers use, and what can be seen of the bank's books.
import { paymentRate } from "../../payments/rate.ts";
import type { BankEntry, Client } from "../client.ts";
import { UsageError } from "../command-line.ts";
import type { Provider } from "./options.ts";

/** What a payment method does, whichever provider is asked. */
export type Method =
  | "good"
  | "declined"
  /** The first try gets no answer and charges nothing. */
  | "fails once"
  /** The first try charges, and its answer is lost. */
  | "charges, answer lost"
  /** The answer takes a while. */
  | "slow"
  /** The bank asks the buyer, as with 3-D Secure. */
  | "asks";

/** What the buyer answers to the bank's question. Who leaves does not come back to the order's page. */
export type BankAnswer = "yes" | "no" | "yes, and leaves";

/** Methods that charge in the end, without anything more from the buyer. */
export const CHARGING: ReadonlySet<Method> = new Set<Method>([
  "good",
  "fails once",
  "charges, answer lost",
  "slow",
]);

/** One order's money as the bank recorded it. Amounts in minor units. */
export interface BankRecord {
  charges: number;
  refunds: number;
  /** What the charges add up to. */
  charged: number;
  /** What the refunds add up to. */
  refunded: number;
  currency: string;
  /** Whether a charge may still succeed. */
  isOpen: boolean;
}

/** A bank's records by order id. */
export type Books = Map<string, BankRecord>;

export interface Payments {
  /** The payment token of each method. */
  tokens: Record<Method, string>;
  /** Payments that may start per second. Absent if they have no pace. */
  perSecond?: number;
  /**
   * Answers the bank's question, as the buyer does in the window that Stripe.js opens. The buyer then sends the same method
   * again. False if this question cannot be answered in this way.
   */
  answer(clientSecret: string, answer: BankAnswer): Promise<boolean>;
  /** The bank's records of a SKU's orders. Absent where the books are not visible. */
  books?(sku: string): Promise<Books>;
  /** When the provider got requests to charge: milliseconds since 1970. Absent where that is not visible. */
  chargeTimes?(): Promise<number[]>;
}

const SANDBOX_TOKENS: Payments["tokens"] = {
  good: "tok_ok",
  declined: "tok_declined",
  "fails once": "tok_error_then_ok",
  "charges, answer lost": "tok_timeout_but_charged",
  slow: "tok_slow",
  asks: "tok_action_required",
};

/** Stripe's own test methods. A live key refuses all of them, so that no real card is ever charged. */
export const STRIPE_TOKENS: Payments["tokens"] = {
  good: "pm_card_visa",
  declined: "pm_card_chargeDeclined",
  "fails once": "pm_card_mastercard",
  "charges, answer lost": "pm_card_amex",
  slow: "pm_card_discover",
  asks: "pm_card_authenticationRequired",
};

/** Finds out where the payments of an instance at --url go. Undefined if only free SKUs can be rehearsed there. */
export async function paymentsAt(
  client: Client,
  provider: Provider,
): Promise<Payments | undefined> {
  const isSandbox = (await client.admin("GET", "/sandbox/payments?after=~")).status === 200;
  if (provider === "sandbox") return isSandbox ? sandboxPayments(client) : undefined;
  // Only an instance with PAYMENTS = "stripe" has this route. It refuses an event without a signature.
  const isStripe = (await client.send("POST", "/api/webhooks/stripe", { body: "{}" })).status;
  if (isStripe !== 403) {
    throw new UsageError('--provider stripe needs an instance with PAYMENTS = "stripe".');
  }
  // The default for a test key. Nobody answers the bank: that takes a browser.
  const perSecond = paymentRate({ PAYMENTS: "stripe", STRIPE_SECRET_KEY: "sk_test_" });
  return { tokens: STRIPE_TOKENS, perSecond, answer: async () => false };
}

export const sandboxPayments = (client: Client): Payments => ({
  tokens: SANDBOX_TOKENS,
  // The bank takes the same method again for a yes.
  answer: async (_, answer) => answer === "yes",
  async books(sku) {
    const entries = await client.sandboxPayments(sku);
    return new Map([...entries].map(([orderId, entry]) => [orderId, fromSandbox(entry)]));
  },
});

const fromSandbox = (entry: BankEntry): BankRecord => ({
  charges: entry.charges,
  refunds: entry.refunds,
  charged: entry.charges * entry.amount,
  refunded: entry.refunded,
  currency: entry.currency,
  isOpen: entry.state === "tried",
});
