// One step of an order's money: asks the gateway what the ledger says is due, and bounds the wait.
import type { MoneyOutcome } from "../inventory/decide-order.ts";
import type { Claim } from "../inventory/settlement.ts";
import { log } from "../observability/log.ts";
import type { PaymentGateway } from "../payments/gateway.ts";

/** Does the money step of a claim; undefined when the gateway could not say and must be asked again. */
export async function takeMoneyStep(
  gateway: PaymentGateway,
  { orderId, order, step, paymentToken, chargeId }: Claim,
): Promise<MoneyOutcome | undefined> {
  const amount = {
    amount: order.unitPrice.amount * order.quantity,
    currency: order.unitPrice.currency,
  };
  const request = { orderId, amount, paymentToken: paymentToken ?? "" };
  const answer =
    step === "charge"
      ? await gateway.charge(request)
      : step === "void"
        ? await gateway.void(request)
        : await gateway.refund({ orderId, chargeId: chargeId ?? "", amount });
  if (answer.outcome !== "unknown") return answer;
  log("payment.unknown", { orderId, step, cause: answer.cause });
  return undefined;
}
