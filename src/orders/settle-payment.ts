// The payment of one order: claim at the ledger, move the money, record the answer. The ledger sends the new version to
// the "payments" queue, whose consumer publishes it. Every step may repeat.
import { isSynthetic } from "../admission/rehearsal.ts";
import { type Config, requireConfig } from "../config/config.ts";
import { logVerbose } from "../funnel/verbose.ts";
import type { Claim } from "../inventory/claim.ts";
import { type InventoryEnv, inventoryOf, type RemoteClaim } from "../inventory/client.ts";
import type { MoneyOutcome } from "../inventory/decide-outcome.ts";
import type { OrderMessage } from "../inventory/messages.ts";
import type { OrderRef } from "../inventory/order-id.ts";
import { traceOf } from "../inventory/trace-hash.ts";
import { causeOf, log } from "../observability/log.ts";
import type { PaymentGateway, Pending, Unknown } from "../payments/gateway.ts";
import { type StepOutcome, takeMoneyStep } from "../payments/money-step.ts";
import { takesPlayMoney } from "../payments/payment-mode.ts";

/**
 * `held`: a charge is due, and charges are paused. `again`: another step is due, such as the refund of late money. `limited`: the provider takes no more calls for now.
 * `unfinished`: to be tried later. `lasting`: an operator must step in if it stays so.
 */
export type Settlement = (
  | { is: "done" | "again" | "limited" | "held" }
  | { is: "unfinished"; reason: string; lasting: boolean }
) & { provider?: ProviderCall };

/** How the payment provider answered. Absent if it was not asked, or limits requests. */
export interface ProviderCall {
  /** It did not answer, or could not tell. */
  isFailed: boolean;
  milliseconds: number;
}

/** How payments are settled now. */
export interface SettleTerms {
  /** False while charges are paused. Voids and refunds go on. */
  mayCharge: boolean;
}

/** Takes the step that the ledger names now, whatever the message contains. Never throws. */
export async function settlePayment(
  message: OrderMessage,
  env: InventoryEnv,
  gateway: PaymentGateway | null,
  terms: SettleTerms,
): Promise<Settlement> {
  try {
    return await settle(message, env, gateway, terms);
  } catch (error) {
    log("orders.ledger_failed", { skuId: message.skuId, cause: causeOf(error) });
    return unfinished(`the ledger failed (${causeOf(error)})`, false);
  }
}

async function settle(
  message: OrderMessage,
  env: InventoryEnv,
  gateway: PaymentGateway | null,
  { mayCharge }: SettleTerms,
): Promise<Settlement> {
  const ref = { userId: message.userId, orderId: message.orderId };
  const config = requireConfig(env);
  // The key may have been changed to a live one during a rehearsal. Its orders end with its removal.
  if (isSynthetic(ref.userId) && !takesPlayMoney(config)) return { is: "done" };
  using remote = await inventoryOf(env, message).claim([ref]);
  const [claim] = remote.claims;
  // The ledger of a rehearsal may be erased before its last payment.
  if (!claim && isSynthetic(ref.userId)) return { is: "done" };
  if (!claim) return unfinished("the ledger has no such order", true);
  const { step } = claim;
  if (step === "none") return { is: "done" };
  // Nor is an earlier charge looked up: if the provider never got it, that would send it.
  if (step === "charge" && !mayCharge) return { is: "held" };
  const startedAt = Date.now();
  const answer = await takeMoneyStep(gateway, claim, config.BREAKERS.payments.limitMs);
  const milliseconds = Date.now() - startedAt;
  const { requestId } = claim;
  const taken = { requestId, step, reason: answer.outcome, milliseconds };
  logVerbose(config, "payment.step", ref, taken);
  const money = withTrace(answer, claim, config);
  if (money.outcome === "unknown" && money.isLimited) return { is: "limited" };
  const settlement = await record(remote, ref, claim, money);
  if (!gateway) return settlement;
  const isFailed = money.outcome === "unknown";
  return { ...settlement, provider: { isFailed, milliseconds } };
}

/** Records the provider's answer in the ledger. */
async function record(
  remote: RemoteClaim,
  ref: OrderRef,
  { step, attempt, refund }: Claim,
  money: LedgerAnswer,
): Promise<Settlement> {
  const refundId = step === "refund" ? refund?.id : undefined;
  if (money.outcome === "pending" && refund?.isPending === false) {
    const [noted] = await remote.session.recordPayments([{ ...ref, money, attempt, refundId }]);
    // A refund can stay pending for days. The next one does not wait for it.
    if (noted?.refund?.isPending === false) return { is: "again" };
  }
  if (money.outcome === "unknown" || money.outcome === "pending") {
    return unfinished(`the ${step} is undecided (${money.cause})`, money.outcome === "unknown");
  }
  const [after] = await remote.session.recordPayments([{ ...ref, money, attempt, refundId }]);
  return { is: after && after.step !== "none" ? "again" : "done" };
}

/** The provider's answer as the ledger may see it. */
type LedgerAnswer = MoneyOutcome | Pending | Unknown;

/** The ledger gets a keyed hash of the card's fingerprint, and never the fingerprint. */
function withTrace(
  money: StepOutcome,
  { order }: Claim,
  config: Pick<Config, "SIGNING_SECRET">,
): LedgerAnswer {
  if (!("fingerprint" in money)) return money;
  const { fingerprint = "", ...charged } = money;
  return { ...charged, card: traceOf(config, order.saleId, "card", fingerprint) };
}

const unfinished = (reason: string, lasting: boolean): Settlement => ({
  is: "unfinished",
  reason,
  lasting,
});
