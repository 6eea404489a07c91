// The payment of one order: claim at the ledger, move the money, record the answer. The ledger sends the new version to
// the "orders" queue, whose consumer publishes it. Every step may repeat.
import { type InventoryEnv, inventoryOf } from "../inventory/client.ts";
import type { OrderMessage } from "../inventory/messages.ts";
import { causeOf, log } from "../observability/log.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { takeMoneyStep } from "../payments/money-step.ts";

/**
 * `held`: a charge is due, and charges are paused. `again`: another step is due, such as the refund of late money. `limited`: the provider takes no more calls for now.
 * `unfinished`: to be tried later. `lasting`: an operator must step in if it stays so.
 */
export type Settlement =
  | { is: "done" | "again" | "limited" | "held" }
  | { is: "unfinished"; reason: string; lasting: boolean };

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
  using remote = await inventoryOf(env, message).claim([ref]);
  const [claim] = remote.claims;
  if (!claim) return unfinished("the ledger has no such order", true);
  const { step, attempt } = claim;
  if (step === "none") return { is: "done" };
  // Nor is an earlier charge looked up: if the provider never got it, that would send it.
  if (step === "charge" && !mayCharge) return { is: "held" };
  const money = await takeMoneyStep(gateway, claim);
  if (money.outcome === "unknown" && money.isLimited) return { is: "limited" };
  const refundId = step === "refund" ? claim.refund?.id : undefined;
  if (money.outcome === "pending" && claim.refund?.isPending === false) {
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

const unfinished = (reason: string, lasting: boolean): Settlement => ({
  is: "unfinished",
  reason,
  lasting,
});
