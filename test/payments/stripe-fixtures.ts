// The Stripe gateway connected to the fake Stripe, and access to the fake's books, events and controls.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import Stripe from "stripe";
import { app } from "../../src/app.ts";
import type { OrderPayments } from "../../src/local/fakes/stripe/bank.ts";
import type { SignedEvent } from "../../src/local/fakes/stripe/server.ts";
import type { PaymentRequest } from "../../src/payments/gateway.ts";
import { stripeGateway } from "../../src/payments/stripe.ts";
import type { StripeConfig } from "../../src/payments/stripe-client.ts";
import { ORIGIN } from "../support/http.ts";
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
export const isHeld = ({ orderId }: { orderId: string }) => fake<boolean>("GET", `held/${orderId}`);
export const release = ({ orderId }: { orderId: string }) => fake("POST", `release/${orderId}`);
export const finish = ({ orderId }: { orderId: string }) => fake("POST", `finish/${orderId}`);
/** The buyer answers the bank's question. */
export const authenticate = ({ orderId }: { orderId: string }, answer: "yes" | "no") =>
  fake("POST", `authenticate/${orderId}/${answer}`);
/** The buyer's bank takes a pending refund, or returns one. Or the shop cancels a pending one. */
export const finishRefund = ({ orderId }: { orderId: string }, answer: "yes" | "no" | "cancel") =>
  fake("POST", `finish-refund/${orderId}/${answer}`);
/** The shop refunds an amount in Stripe's dashboard. */
export const refundAtStripe = ({ orderId }: { orderId: string }, amount: number) =>
  fake("POST", `refund/${orderId}/${amount}`);
/** The cardholder disputes the charge, or the dispute gets its next status. */
export const dispute = (
  { orderId }: { orderId: string },
  step: "open" | "review" | "won" | "lost",
) => fake("POST", `dispute/${orderId}/${step}`);
/** Makes the fake drop all idempotency keys, as Stripe does after a day. */
export const forgetKeys = () => fake("POST", "expire-keys");

/** A deployment with the Stripe gateway. */
export const stripeEnv = {
  ...env,
  PAYMENTS: "stripe",
  ...services.FAKE_STRIPE,
} as unknown as Env;

/** Posts a webhook to a deployment. Returns the status of the answer. */
export async function postWebhook(
  body: string,
  signature?: string,
  shop = stripeEnv,
): Promise<number> {
  const headers = signature === undefined ? {} : { "stripe-signature": signature };
  const ctx = createExecutionContext();
  const request = new Request(`${ORIGIN}/api/webhooks/stripe`, { method: "POST", headers, body });
  const { status } = await app.fetch(request, shop, ctx);
  await waitOnExecutionContext(ctx);
  return status;
}

/** An event that the test composes, signed as Stripe signs. `age`: seconds since it was signed. */
export async function signed(
  event: object,
  { secret, age = 0 }: { secret?: string; age?: number } = {},
) {
  const created = Math.floor(Date.now() / 1_000) - age;
  const body = JSON.stringify({
    id: unique("evt"),
    object: "event",
    created,
    livemode: false,
    ...event,
  });
  return { body, signature: await signatureOf(body, { ...(secret && { secret }), age }) };
}

/** Stripe's signature of a body. `age`: seconds since it was signed. */
export const signatureOf = (
  payload: string,
  { secret = services.FAKE_STRIPE.STRIPE_WEBHOOK_SECRET, age = 0 } = {},
): Promise<string> =>
  new Stripe("sk_test").webhooks.generateTestHeaderStringAsync({
    payload,
    secret,
    timestamp: Math.floor(Date.now() / 1_000) - age,
    cryptoProvider: Stripe.createSubtleCryptoProvider(),
  });

/** Posts an event, signed anew as Stripe signs each delivery. Returns the status of the answer. */
export async function post(event: object): Promise<number> {
  const { body, signature } = await signed(event);
  return postWebhook(body, signature);
}

/** An event of Stripe. `created` is in seconds. */
export interface StripeEvent {
  type: string;
  created: number;
  data: { object: Record<string, unknown> };
}

/** Stripe's own events about an order so far, oldest first: those whose type starts with `prefix`. */
export async function ownEvents(order: { orderId: string }, prefix = ""): Promise<StripeEvent[]> {
  const events = await fake<SignedEvent[]>("GET", `events/${order.orderId}`);
  return events
    .filter(({ type }) => type.startsWith(prefix))
    .map(({ body }) => JSON.parse(body) as StripeEvent);
}
