// Refunds at Stripe. Late money is returned whole, and Stripe itself refuses to return it twice. The operator's refunds can be
// partial, so each carries its id and is looked for before it could be made under a second idempotency key.
import Stripe from "stripe";
import type { ReturnReport } from "../inventory/returns.ts";
import type { RefundOutcome, RefundRequest } from "./gateway.ts";
import { fromStripeAmount, toStripeAmount } from "./stripe-amount.ts";
import { endOfSecond } from "./stripe-client.ts";
import { getIntent, isReplayed, KEY_LIFE_MS, once } from "./stripe-intent.ts";

/** An operator's refund, which has an id. */
type OwnRefund = RefundRequest & { refundId: string };

const WITH_CHARGE = { expand: ["charge"] };
/** Most refunds of a charge that are searched. Stripe lists the newest first. */
const MAX_LISTED = 100;

export function refundCharge(stripe: Stripe, request: RefundRequest): Promise<RefundOutcome> {
  const { refundId } = request;
  return refundId === undefined
    ? refundAll(stripe, request)
    : refundPart(stripe, { ...request, refundId });
}

async function refundAll(
  stripe: Stripe,
  { orderId, chargeId }: RefundRequest,
): Promise<RefundOutcome> {
  try {
    const made = await once(`${orderId}:refund`, (idempotencyKey) =>
      stripe.refunds.create({ payment_intent: chargeId }, { idempotencyKey }),
    );
    return outcomeOf(isReplayed(made) ? await stripe.refunds.retrieve(made.id) : made);
  } catch (error) {
    if (isAlreadyRefunded(error)) return refundedElsewhere(stripe, chargeId);
    // The cardholder's bank has the money, so no later try can succeed. For other reasons, such as a low balance, one can.
    if (isDisputed(error)) return { outcome: "refund_failed", reason: "charge_disputed" };
    throw error;
  }
}

async function refundPart(stripe: Stripe, request: OwnRefund): Promise<RefundOutcome> {
  const { orderId, refundId, chargeId } = request;
  // Before the reading, so that no later event is taken for an older one. In whole seconds, like the times of events.
  const at = endOfSecond(Date.now() / 1_000);
  try {
    // Stripe may have forgotten the first key, so a second request could move money again.
    const isOld = Date.now() - (request.acceptedAt ?? 0) > KEY_LIFE_MS;
    const found = isOld ? await findRefund(stripe, request) : undefined;
    const made =
      found ??
      (await once(`${orderId}:refund:${refundId}`, async (key) => {
        // The stored 500 of an earlier key does not reveal whether the refund was made.
        const earlier = key.endsWith(":1") ? undefined : await findRefund(stripe, request);
        return earlier ?? createRefund(stripe, request, key);
      }));
    return outcomeOf(await stripe.refunds.retrieve(made.id, WITH_CHARGE), at);
  } catch (error) {
    if (isAlreadyRefunded(error)) {
      const returned = await returnedOf(stripe, chargeId, at);
      const elsewhere = await refundedElsewhere(stripe, chargeId);
      return elsewhere.outcome === "refunded"
        ? { ...elsewhere, isElsewhere: true, ...returned }
        : { ...elsewhere, ...returned };
    }
    const reason = permanentReason(error);
    if (reason === undefined) throw error;
    return { outcome: "refund_failed", reason, ...(await returnedOf(stripe, chargeId, at)) };
  }
}

const createRefund = (
  stripe: Stripe,
  { orderId, userId, refundId, chargeId, amount }: OwnRefund,
  idempotencyKey: string,
) =>
  stripe.refunds.create(
    {
      payment_intent: chargeId,
      amount: toStripeAmount(amount).amount,
      metadata: { order_id: orderId, user_id: userId, refund_id: refundId },
    },
    { idempotencyKey },
  );

async function findRefund(
  stripe: Stripe,
  { chargeId, refundId }: OwnRefund,
): Promise<Stripe.Refund | undefined> {
  const refunds = await refundsOf(stripe, chargeId);
  return refunds.find(({ metadata }) => metadata?.refund_id === refundId);
}

const refundsOf = async (stripe: Stripe, chargeId: string): Promise<Stripe.Refund[]> =>
  (await stripe.refunds.list({ payment_intent: chargeId, limit: MAX_LISTED })).data;

/** Other refunds took all of the charge. Stripe refuses a further one also while they are pending. */
async function refundedElsewhere(stripe: Stripe, chargeId: string): Promise<RefundOutcome> {
  const refunds = await refundsOf(stripe, chargeId);
  const open = refunds.find(isOpen);
  return open
    ? { outcome: "pending", cause: `the refund is ${open.status}` }
    : { outcome: "refunded" };
}

const isOpen = ({ status }: Stripe.Refund): boolean =>
  status === "pending" || status === "requires_action";

/**
 * The amount that refunds returned, in the shop's minor units. Pending ones that the shop made at Stripe do not count,
 * although Stripe's own total has them: a bank may still return them. The operator's do, because the ledger subtracts them.
 */
export async function returnedBy(
  stripe: Stripe,
  { chargeId, currency }: { chargeId: string; currency: string },
): Promise<number> {
  const refunds = await refundsOf(stripe, chargeId);
  const amount = refunds.reduce((sum, refund) => sum + (hasCounted(refund) ? refund.amount : 0), 0);
  return fromStripeAmount({ amount, currency }).amount;
}

const hasCounted = (refund: Stripe.Refund): boolean =>
  refund.status === "succeeded" || (isOpen(refund) && refund.metadata?.refund_id !== undefined);

/** `at`: when the refund was read. Absent if its charge was not. */
function outcomeOf(refund: Stripe.Refund, at?: number): RefundOutcome {
  const { status, failure_reason: reason, charge } = refund;
  const isRead = at !== undefined && typeof charge === "object" && charge;
  const returned = isRead ? totalReturned(charge, at) : {};
  if (status === "failed" || status === "canceled") {
    return { outcome: "refund_failed", reason: reason ?? `refund_${status}`, ...returned };
  }
  return status === "succeeded"
    ? { outcome: "refunded", ...returned }
    : { outcome: "pending", cause: `the refund is ${status}` };
}

/** The amount that Stripe returned of a charge so far, in the shop's minor units. */
const totalReturned = ({ amount_refunded: amount, currency }: Stripe.Charge, at: number) => ({
  returned: { amount: fromStripeAmount({ amount, currency }).amount, at },
});

async function returnedOf(
  stripe: Stripe,
  chargeId: string,
  at: number,
): Promise<{ returned?: ReturnReport }> {
  const { latest_charge: charge } = await getIntent(stripe, chargeId);
  return typeof charge === "object" && charge ? totalReturned(charge, at) : {};
}

const isAlreadyRefunded = (error: unknown): boolean =>
  (error as { code?: string }).code === "charge_already_refunded";

const isDisputed = (error: unknown): boolean =>
  (error as { code?: string }).code === "charge_disputed";

/** Why Stripe refuses a refund and always will. Undefined if the outcome is unknown. */
function permanentReason(error: unknown): string | undefined {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return undefined;
  if (error.statusCode !== 400 && error.statusCode !== 404) return undefined;
  return error.code ?? (error.param === "amount" ? "exceeds_what_is_left" : "refund_refused");
}
