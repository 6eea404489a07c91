// The Stripe gateway. An order has one PaymentIntent, made under an idempotency key and confirmed in a
// second step: money moves only at confirmation, so an unconfirmed intent can be cancelled for certain.
import Stripe from "stripe";
import type { Config } from "../config.ts";
import type { MoneyOutcome } from "../inventory/decide-order.ts";
import type { OrderRef } from "../inventory/ledger.ts";
import type {
  ChargeOutcome,
  PaymentGateway,
  PaymentRequest,
  RefundOutcome,
  RefundRequest,
  VoidOutcome,
} from "./gateway.ts";

export type StripeConfig = Pick<
  Config,
  "STRIPE_SECRET_KEY" | "STRIPE_WEBHOOK_SECRET" | "STRIPE_API_URL"
>;

/** Stripe keeps idempotency keys for at least 24 hours; older orders are searched for by metadata. */
const KEY_LIFE_MS = 20 * 3_600_000;
const REQUEST_LIMIT_MS = 3_000;

/** The library on top of fetch. STRIPE_API_URL points it elsewhere in tests only. */
function client({ STRIPE_SECRET_KEY, STRIPE_API_URL }: StripeConfig): Stripe {
  const elsewhere = STRIPE_API_URL ? new URL(STRIPE_API_URL) : undefined;
  return new Stripe(STRIPE_SECRET_KEY as string, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0, // the queue retries, with backoff and without holding a batch
    timeout: REQUEST_LIMIT_MS,
    telemetry: false,
    ...(elsewhere && {
      host: elsewhere.hostname,
      port: elsewhere.port,
      protocol: elsewhere.protocol === "http:" ? "http" : "https",
    }),
  });
}

export function stripeGateway(config: StripeConfig): PaymentGateway {
  const stripe = client(config);
  return {
    charge: (request) => charge(stripe, request),
    void: (request) => voidCharge(stripe, request),
    refund: (request) => refund(stripe, request),
  };
}

/** The order's intent: made now, or the one an earlier attempt made, as it is now. */
async function intentOf(stripe: Stripe, request: PaymentRequest): Promise<Stripe.PaymentIntent> {
  const { orderId, userId, amount, paymentToken } = request;
  const made = await stripe.paymentIntents.create(
    {
      amount: amount.amount,
      currency: amount.currency.toLowerCase(),
      payment_method: paymentToken,
      automatic_payment_methods: { enabled: true, allow_redirects: "never" },
      metadata: { order_id: orderId, user_id: userId },
    },
    { idempotencyKey: `${orderId}:create` },
  );
  // A repeated request gets the first answer word for word, which says nothing about today.
  const replayed = made.lastResponse.headers["idempotent-replayed"] === "true";
  return replayed ? stripe.paymentIntents.retrieve(made.id) : made;
}

async function charge(stripe: Stripe, request: PaymentRequest): Promise<ChargeOutcome> {
  try {
    const intent = await intentOf(stripe, request);
    if (intent.status !== "requires_confirmation") return chargeOutcome(intent);
    const idempotencyKey = `${request.orderId}:confirm`;
    return chargeOutcome(await stripe.paymentIntents.confirm(intent.id, {}, { idempotencyKey }));
  } catch (error) {
    return chargeError(error);
  }
}

function chargeOutcome({ id, status, last_payment_error }: Stripe.PaymentIntent): ChargeOutcome {
  switch (status) {
    case "succeeded":
      return { outcome: "charged", chargeId: id };
    case "canceled":
      return { outcome: "declined", reason: "voided" };
    case "requires_payment_method":
      return { outcome: "declined", reason: last_payment_error?.code ?? "card_declined" };
    case "requires_action":
      return { outcome: "declined", reason: "authentication_required" };
    default:
      return { outcome: "unknown", cause: `the payment is ${status}` };
  }
}

/** A decline is an answer; everything else only says that we do not know yet. */
function chargeError(error: unknown): ChargeOutcome {
  if (error instanceof Stripe.errors.StripeCardError) {
    return { outcome: "declined", reason: error.decline_code ?? error.code ?? "card_declined" };
  }
  if (error instanceof Stripe.errors.StripeInvalidRequestError) {
    // Cancelled or paid meanwhile: the next attempt reads which. A bad token will never be a good one.
    if (error.code === "payment_intent_unexpected_state") {
      return { outcome: "unknown", cause: error.code };
    }
    return { outcome: "declined", reason: error.code ?? "invalid_request" };
  }
  throw error;
}

async function voidCharge(stripe: Stripe, request: PaymentRequest): Promise<VoidOutcome> {
  const fresh = Date.now() - Date.parse(request.createdAt) < KEY_LIFE_MS;
  const intent = fresh
    ? await intentOf(stripe, request).catch(unusableToken)
    : await findIntent(stripe, request.orderId);
  if (!intent || intent.status === "canceled") return { outcome: "voided" };
  if (intent.status === "succeeded") return { outcome: "charged", chargeId: intent.id };
  // Fails when the intent succeeds in this very moment; the next attempt then reads `succeeded`.
  await stripe.paymentIntents.cancel(intent.id);
  return { outcome: "voided" };
}

/** An intent that could not even be made, for its token is unusable, never took money. */
function unusableToken(error: unknown): undefined {
  if (error instanceof Stripe.errors.StripeCardError) return undefined;
  if (error instanceof Stripe.errors.StripeInvalidRequestError) return undefined;
  throw error;
}

async function findIntent(stripe: Stripe, orderId: string) {
  const query = `metadata["order_id"]:"${orderId}"`;
  return (await stripe.paymentIntents.search({ query, limit: 1 })).data[0];
}

async function refund(stripe: Stripe, request: RefundRequest): Promise<RefundOutcome> {
  const idempotencyKey = `${request.orderId}:refund`;
  try {
    const made = await stripe.refunds.create(
      { payment_intent: request.chargeId },
      { idempotencyKey },
    );
    if (made.status === "failed" || made.status === "canceled") {
      return { outcome: "unknown", cause: `the refund ${made.status}` };
    }
    return { outcome: "refunded" };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "charge_already_refunded") return { outcome: "refunded" };
    throw error;
  }
}

/** What a webhook says about one of our orders; undefined when it is about something else. */
export type StripeNews = { ref: OrderRef; money: MoneyOutcome } | undefined;

/**
 * Checks a webhook's signature and reads it. Results that arrive this way are applied like any other.
 * @throws when the signature is not Stripe's, or older than five minutes
 */
export async function readStripeWebhook(
  config: StripeConfig,
  body: string,
  signature: string,
): Promise<StripeNews> {
  const event = await client(config).webhooks.constructEventAsync(
    body,
    signature,
    config.STRIPE_WEBHOOK_SECRET as string,
    undefined,
    Stripe.createSubtleCryptoProvider(),
  );
  switch (event.type) {
    case "payment_intent.succeeded":
      return news(event.data.object, { outcome: "charged", chargeId: event.data.object.id });
    case "payment_intent.canceled":
      return news(event.data.object, { outcome: "declined", reason: "voided" });
    case "payment_intent.payment_failed": {
      const reason = event.data.object.last_payment_error?.code ?? "card_declined";
      return news(event.data.object, { outcome: "declined", reason });
    }
    case "charge.refunded":
      return event.data.object.refunded
        ? news(event.data.object, { outcome: "refunded" })
        : undefined;
    default:
      return undefined;
  }
}

function news({ metadata }: { metadata: Stripe.Metadata }, money: MoneyOutcome): StripeNews {
  const { order_id: orderId, user_id: userId } = metadata;
  return orderId && userId ? { ref: { userId, orderId }, money } : undefined;
}
