// One step of an order's money at the payment provider, with a time limit that starts when the call starts.
import { TimeoutStrategy, timeout } from "cockatiel";
import type { Claim } from "../inventory/claim.ts";
import type { MoneyOutcome } from "../inventory/decide-outcome.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";
import type { Charged, PaymentGateway, Pending, Unknown } from "./gateway.ts";

/** `unknown` if the provider's answer is not known, so the step must be taken again. */
export type StepOutcome = MoneyOutcome | Charged | Pending | Unknown;

/**
 * Takes the step that the claim names.
 *
 * @param gateway null if payments are not configured
 * @param limitMs a step that takes longer is found by the next try, under the same idempotency key
 */
export async function takeMoneyStep(
  gateway: PaymentGateway | null,
  claim: Claim,
  limitMs: number,
): Promise<StepOutcome> {
  if (!gateway) return { outcome: "unknown", cause: "no payment gateway is configured" };
  const answer = await askGateway(gateway, claim, limitMs);
  const isLimited = answer.outcome === "unknown" && answer.isLimited;
  count("payments", claim.step, isLimited ? "limited" : answer.outcome);
  return answer;
}

async function askGateway(
  gateway: PaymentGateway,
  claim: Claim,
  limitMs: number,
): Promise<StepOutcome> {
  const limit = timeout(limitMs, TimeoutStrategy.Aggressive);
  try {
    return await limit.execute(() => callGateway(gateway, claim));
  } catch (error) {
    const { orderId, requestId, step } = claim;
    log("payment.unknown", { orderId, requestId, step, cause: causeOf(error) });
    return { outcome: "unknown", cause: causeOf(error) };
  }
}

function callGateway(gateway: PaymentGateway, claim: Claim): Promise<StepOutcome> {
  const { orderId, userId, order, step, attempt, chargeId } = claim;
  const amount = order.total;
  if (step === "refund") {
    const { refund } = claim;
    const request = { orderId, userId, chargeId: chargeId ?? "", amount: refund?.amount ?? amount };
    if (!refund) return gateway.refund(request);
    return gateway.refund({ ...request, refundId: refund.id, acceptedAt: refund.acceptedAt });
  }
  const paymentToken = claim.paymentToken ?? "";
  const { createdAt } = order;
  const { receiptEmail, isLastLook } = claim;
  const request = {
    orderId,
    userId,
    amount,
    paymentToken,
    receiptEmail,
    attempt,
    chargeId,
    createdAt,
    isLastLook,
  };
  return step === "charge" ? gateway.charge(request) : gateway.void(request);
}
