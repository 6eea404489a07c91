// The Stripe gateway connected to the fake Stripe, and access to the fake's books, events and controls.
import Stripe from "stripe";
import type { OrderPayments } from "../../src/local/fakes/stripe/bank.ts";
import type { SignedEvent } from "../../src/local/fakes/stripe/server.ts";
import type { PaymentRequest } from "../../src/payments/gateway.ts";
import { stripeGateway } from "../../src/payments/stripe.ts";
import type { StripeConfig } from "../../src/payments/stripe-client.ts";
import { services } from "../support/redis.ts";
import { unique } from "../support/shop.ts";

export const stripeConfig = (changes: Partial<StripeConfig> = {}): StripeConfig => ({
  ...services.FAKE_STRIPE,
  ...changes,
});

/** The default limit is long enough for a busy machine. A test of the limit itself passes a shorter one. */
export const gateway = (limitMs = 20_000) => stripeGateway(stripeConfig(), limitMs);

/** A request to charge 24 dollars for an order made now. */
export function aPayment(
  paymentToken = "pm_card_visa",
  changes: Partial<PaymentRequest> = {},
): PaymentRequest {
  return {
    orderId: `${unique("paid")}.0.${"a".repeat(20)}`,
    userId: "ann",
    amount: { amount: 2_400, currency: "USD" },
    paymentToken,
    attempt: 1,
    chargeId: null,
    createdAt: new Date().toISOString(),
    ...changes,
  };
}

export const hoursAgo = (hours: number): string =>
  new Date(Date.now() - hours * 3_600_000).toISOString();

/** The outcome of a call, or the name of the error that it threw. The saga treats an error as `unknown`. */
export function outcomeOf<T extends object>(call: Promise<T>): Promise<T | { threw: string }> {
  return call.catch((error: Error) => ({ threw: error.constructor.name }));
}

async function fake<T>(method: string, path: string): Promise<T> {
  const response = await fetch(new URL(`/_fake/${path}`, services.FAKE_STRIPE.STRIPE_API_URL), {
    method,
  });
  return (await response.json()) as T;
}

export const booksOf = ({ orderId }: { orderId: string }) =>
  fake<OrderPayments>("GET", `payments/${orderId}`);
export const eventsOf = ({ orderId }: { orderId: string }) =>
  fake<SignedEvent[]>("GET", `events/${orderId}`);
export const isHeld = ({ orderId }: { orderId: string }) => fake<boolean>("GET", `held/${orderId}`);
export const release = ({ orderId }: { orderId: string }) => fake("POST", `release/${orderId}`);
export const finish = ({ orderId }: { orderId: string }) => fake("POST", `finish/${orderId}`);
/** The buyer answers the bank's question. */
export const authenticate = ({ orderId }: { orderId: string }, answer: "yes" | "no") =>
  fake("POST", `authenticate/${orderId}/${answer}`);
/** The buyer's bank takes a pending refund, or returns one. */
export const finishRefund = ({ orderId }: { orderId: string }, answer: "yes" | "no") =>
  fake("POST", `finish-refund/${orderId}/${answer}`);
/** Makes the fake drop all idempotency keys, as Stripe does after a day. */
export const forgetKeys = () => fake("POST", "expire-keys");

/** An event that the test composes, signed as Stripe signs. `age`: seconds since it was signed. */
export async function signed(
  event: object,
  { secret = services.FAKE_STRIPE.STRIPE_WEBHOOK_SECRET, age = 0 } = {},
) {
  const body = JSON.stringify({ id: unique("evt"), object: "event", ...event });
  const signature = await new Stripe("sk_test").webhooks.generateTestHeaderStringAsync({
    payload: body,
    secret,
    timestamp: Math.floor(Date.now() / 1_000) - age,
    cryptoProvider: Stripe.createSubtleCryptoProvider(),
  });
  return { body, signature };
}
