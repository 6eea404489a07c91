// The Stripe gateway. An order has one PaymentIntent, created under an idempotency key and confirmed in a second
// step. Money moves only at confirmation, so an unconfirmed intent can be cancelled for certain.
import Stripe from "stripe";
import type {
  ChargeOutcome,
  PaymentGateway,
  PaymentRequest,
  RefundOutcome,
  RefundRequest,
  VoidOutcome,
} from "./gateway.ts";
import { toStripeAmount } from "./stripe-amount.ts";
import { declineReason, type StripeConfig, stripeClient } from "./stripe-client.ts";

type Intent = Stripe.PaymentIntent;
type InvalidRequest = InstanceType<typeof Stripe.errors.StripeInvalidRequestError>;

/** Stripe stores idempotency keys for at least 24 hours. Older orders are searched for by metadata. */
const KEY_LIFE_MS = 20 * 3_600_000;
const REQUEST_LIMIT_MS = 3_000;
/** Most idempotency keys that a step tries before it fails. */
const MAX_KEYS = 5;

export function stripeGateway(config: StripeConfig, limitMs = REQUEST_LIMIT_MS): PaymentGateway {
  const stripe = stripeClient(config, limitMs);
  return {
    charge: (request) => charge(stripe, request),
    void: (request) => voidCharge(stripe, request),
    refund: (request) => refund(stripe, request),
  };
}

// ---- idempotency

/**
 * Performs a step once. Stripe repeats the first answer to a key verbatim for a day, even a 500, so a repeated 500
 * never changes and the step moves on to the next key. All callers try the keys in the same order, so they find
 * the same first answer that is not a 500.
 */
async function once<T>(step: string, take: (idempotencyKey: string) => Promise<T>): Promise<T> {
  for (let n = 1; ; n += 1) {
    try {
      return await take(`${step}:${n}`);
    } catch (error) {
      if (n === MAX_KEYS || !isRepeated500(error)) throw error;
    }
  }
}

function isRepeated500(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  return error.statusCode === 500 && error.headers?.["idempotent-replayed"] === "true";
}

/** Over fetch the library returns the platform's Headers, whatever its types say. */
function isReplayed({ lastResponse }: Stripe.Response<unknown>): boolean {
  return (lastResponse.headers as unknown as Headers).get("idempotent-replayed") === "true";
}

/**
 * The current intent of the order: created now, or by an earlier attempt. Voiding creates it as well, because
 * voiding means that an intent exists and is cancelled.
 */
async function intentOf(stripe: Stripe, request: PaymentRequest): Promise<Intent> {
  const isOld = Date.now() - Date.parse(request.createdAt) > KEY_LIFE_MS;
  const found = isOld ? await findIntent(stripe, request.orderId) : undefined;
  return found ?? createIntent(stripe, request);
}

async function createIntent(stripe: Stripe, request: PaymentRequest): Promise<Intent> {
  const { orderId, userId, amount, paymentToken } = request;
  // Stripe refuses a known key with other parameters, so changing these breaks orders in progress.
  const params: Stripe.PaymentIntentCreateParams = {
    ...toStripeAmount(amount),
    payment_method: paymentToken,
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
    metadata: { order_id: orderId, user_id: userId },
  };
  const made = await once(`${orderId}:create`, (idempotencyKey) =>
    stripe.paymentIntents.create(params, { idempotencyKey }),
  ).catch(refuseIntent);
  // A replayed answer shows the intent as it was, not as it is.
  return isReplayed(made) ? stripe.paymentIntents.retrieve(made.id) : made;
}

/** Stripe refused to create the intent because of its token, amount or currency. It can never exist. */
class IntentRefused extends Error {
  readonly refusal: InvalidRequest;

  constructor(refusal: InvalidRequest) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

function refuseIntent(error: unknown): never {
  throw error instanceof Stripe.errors.StripeInvalidRequestError ? new IntentRefused(error) : error;
}

/** The progress of an intent. Only one intent of an order was ever confirmed; a 500 may leave others behind. */
const PROGRESS: Intent["status"][] = [
  "canceled",
  "requires_confirmation",
  "requires_payment_method",
  "requires_action",
  "processing",
  "succeeded",
];

async function findIntent(stripe: Stripe, orderId: string): Promise<Intent | undefined> {
  const { data } = await stripe.paymentIntents.search({
    query: `metadata["order_id"]:"${orderId}"`,
    limit: MAX_KEYS,
  });
  const progress = ({ status }: Intent) => PROGRESS.indexOf(status);
  return data.sort((a, b) => progress(b) - progress(a))[0];
}

// ---- the calls of the gateway

async function charge(stripe: Stripe, request: PaymentRequest): Promise<ChargeOutcome> {
  try {
    const intent = await intentOf(stripe, request);
    if (intent.status !== "requires_confirmation") return chargeOutcome(intent);
    const confirmed = await once(`${request.orderId}:confirm`, (idempotencyKey) =>
      // The buyer is not present to answer the bank, so a card that requires action is declined.
      stripe.paymentIntents.confirm(
        intent.id,
        { error_on_requires_action: true },
        { idempotencyKey },
      ),
    );
    return chargeOutcome(confirmed);
  } catch (error) {
    return chargeError(error);
  }
}

function chargeOutcome({ id, status, last_payment_error: error }: Intent): ChargeOutcome {
  switch (status) {
    case "succeeded":
      return { outcome: "charged", chargeId: id };
    case "canceled":
      return { outcome: "declined", reason: "voided" };
    case "requires_payment_method":
      return { outcome: "declined", reason: declineReason(error) };
    default:
      return { outcome: "unknown", cause: `the payment is ${status}` };
  }
}

/** A decline and a permanent refusal are final outcomes. Any other error leaves the outcome unknown. */
function chargeError(error: unknown): ChargeOutcome {
  if (error instanceof Stripe.errors.StripeCardError) {
    return { outcome: "declined", reason: declineReason(error) };
  }
  const refusal = error instanceof IntentRefused ? error.refusal : error;
  const reason =
    refusal instanceof Stripe.errors.StripeInvalidRequestError && permanentReason(refusal);
  if (reason) return { outcome: "declined", reason };
  throw error;
}

/** Why Stripe refuses this token, amount or currency, and always will. Undefined for any other refusal. */
function permanentReason({ param, code }: InvalidRequest): string | undefined {
  if (param === "payment_method") return "invalid_payment_method";
  if (param === "amount" || param === "currency") return code ?? `invalid_${param}`;
  return undefined;
}

async function voidCharge(stripe: Stripe, request: PaymentRequest): Promise<VoidOutcome> {
  try {
    const intent = await intentOf(stripe, request);
    if (intent.status === "succeeded") return { outcome: "charged", chargeId: intent.id };
    // Fails if the intent succeeds at this moment. The next attempt then reads `succeeded`.
    if (intent.status !== "canceled") await stripe.paymentIntents.cancel(intent.id);
    return { outcome: "voided" };
  } catch (error) {
    if (error instanceof IntentRefused) return { outcome: "voided" };
    throw error;
  }
}

async function refund(stripe: Stripe, request: RefundRequest): Promise<RefundOutcome> {
  try {
    const made = await once(`${request.orderId}:refund`, (idempotencyKey) =>
      stripe.refunds.create({ payment_intent: request.chargeId }, { idempotencyKey }),
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
