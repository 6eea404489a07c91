// An order's PaymentIntent at Stripe: created once, found again, read as it is now.
import Stripe from "stripe";
import type { PaymentRequest } from "./gateway.ts";
import { toStripeAmount } from "./stripe-amount.ts";

export type Intent = Stripe.PaymentIntent;
type InvalidRequest = InstanceType<typeof Stripe.errors.StripeInvalidRequestError>;

/** Stripe stores idempotency keys for at least 24 hours. Older orders are searched for by metadata. */
export const KEY_LIFE_MS = 20 * 3_600_000;
/** How many stored 500s a step may meet before it fails. */
const MAX_KEYS = 5;
/** The charge of an intent tells whether the money was returned meanwhile. */
export const WITH_CHARGE = { expand: ["latest_charge"] };

/**
 * Takes a step once. Stripe repeats the first answer to a key verbatim for a day, even a 500, so a repeated 500
 * never changes and the step moves on to the next key. All callers try the keys in the same order, so they find
 * the same first answer that is not a 500.
 */
export async function once<T>(
  step: string,
  take: (idempotencyKey: string) => Promise<T>,
): Promise<T> {
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
export function isReplayed({ lastResponse }: Stripe.Response<unknown>): boolean {
  return (lastResponse.headers as unknown as Headers).get("idempotent-replayed") === "true";
}

/** The name of a step. The first attempt's create step has none of its own: releases before this one used it. */
const createStep = ({ orderId, attempt }: PaymentRequest): string =>
  attempt === 1 ? `${orderId}:create` : `${orderId}:${attempt}:create`;

export const getIntent = (stripe: Stripe, id: string): Promise<Intent> =>
  stripe.paymentIntents.retrieve(id, WITH_CHARGE);

/**
 * The intent of the order as it is now. An attempt creates it unless an earlier one did. Voiding creates it as well,
 * because voiding means that an intent exists and is cancelled.
 */
export async function intentOf(stripe: Stripe, request: PaymentRequest): Promise<Intent> {
  if (request.chargeId) return getIntent(stripe, request.chargeId);
  const isOld = Date.now() - Date.parse(request.createdAt) > KEY_LIFE_MS;
  const found = isOld ? await findIntent(stripe, request) : undefined;
  return (
    found ?? createIntent(stripe, request).catch((error) => madeOtherwise(stripe, request, error))
  );
}

/**
 * The intent that an earlier release created with other parameters: Stripe refuses to repeat the answer to its key. The
 * search finds it within about a minute. It shows intents with a delay, so the intent is read once more.
 * @throws the refusal if none is found, or if the request failed for another reason
 */
async function madeOtherwise(
  stripe: Stripe,
  request: PaymentRequest,
  error: unknown,
): Promise<Intent> {
  if (!(error instanceof Stripe.errors.StripeIdempotencyError)) throw error;
  const found = await findIntent(stripe, request);
  // A later attempt replaced a cancelled intent, so that one is not the intent of this attempt's key.
  const isEarlier = found?.status === "canceled" && request.attempt > 1;
  if (!found || isEarlier) throw error;
  return getIntent(stripe, found.id);
}

/** A confirmation token stands for a method that the browser collected. It can only be used to confirm. */
export const isConfirmationToken = (token: string): boolean => token.startsWith("ctoken_");

export const methodOf = (token: string) =>
  isConfirmationToken(token) ? { confirmation_token: token } : { payment_method: token };

/** No redirects: such methods leave the page, and some take days. */
const AUTOMATIC_METHODS = {
  automatic_payment_methods: { enabled: true, allow_redirects: "never" },
} as const;
/** The same methods as the card form offers, as Stripe requires. All settle at once. Wallets count as cards. */
const CARD_FORM_METHODS = { payment_method_types: ["card", "link"] };

async function createIntent(stripe: Stripe, request: PaymentRequest): Promise<Intent> {
  const { orderId, userId, amount, paymentToken } = request;
  // Stripe refuses a known key with other parameters, so changing these makes orders in progress search for their intent.
  const params: Stripe.PaymentIntentCreateParams = {
    ...toStripeAmount(amount),
    ...(isConfirmationToken(paymentToken) ? {} : { payment_method: paymentToken }),
    ...(isConfirmationToken(paymentToken) ? CARD_FORM_METHODS : AUTOMATIC_METHODS),
    metadata: { order_id: orderId, user_id: userId },
  };
  const made = await once(createStep(request), (idempotencyKey) =>
    stripe.paymentIntents.create(params, { idempotencyKey }),
  ).catch(refuseIntent);
  // A replayed answer shows the intent as it was, not as it is.
  return isReplayed(made) ? getIntent(stripe, made.id) : made;
}

/** Stripe refused to create the intent because of its token, amount or currency. It can never exist. */
export class IntentRefused extends Error {
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

async function findIntent(stripe: Stripe, request: PaymentRequest): Promise<Intent | undefined> {
  const { data } = await stripe.paymentIntents.search({
    query: `metadata["order_id"]:"${request.orderId}"`,
    limit: MAX_KEYS,
    expand: ["data.latest_charge"],
  });
  const progress = ({ status }: Intent) => PROGRESS.indexOf(status);
  return data
    .filter((intent) => isFor(intent, request))
    .sort((a, b) => progress(b) - progress(a))[0];
}

/** Whether an intent is about exactly the order's amount. Anyone at the shop's account can write metadata. */
export function isFor({ amount, currency }: Intent, request: PaymentRequest): boolean {
  const expected = toStripeAmount(request.amount);
  return amount === expected.amount && currency === expected.currency;
}
