// Placing an order: through the funnel, then one call of the SKU's object. The API and the pages share this code, so
// a form without JavaScript buys exactly as the API does.
import { type Config, takesPaymentTokens } from "../config/config.ts";
import { digest } from "../digest.ts";
import { notAdmittedYet } from "../funnel/admission.ts";
import type { Admitted, OrderBody } from "../funnel/attempt.ts";
import { addressOf } from "../funnel/caller.ts";
import { observe, runFunnel } from "../funnel/funnel.ts";
import type { OrderReader } from "../funnel/shape.ts";
import { heldAnywhere } from "../funnel/sold-out.ts";
import { logVerbose } from "../funnel/verbose.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import type { ReserveResult } from "../inventory/buyer-use-cases.ts";
import type { InventoryAnswer } from "../inventory/client.ts";
import type { ReserveCommand } from "../inventory/decide-reserve.ts";
import type { Order } from "../inventory/order.ts";
import { traceOf } from "../inventory/trace-hash.ts";
import type { AfterUnpaidHolds } from "../inventory/unpaid-holds.ts";
import { count, measure } from "../observability/metrics.ts";
import { payFirst, paymentModeOf } from "../payments/payment-mode.ts";
import { inventoryRefusal, type Outcome, receiptEmailOf, refused } from "./buyer.ts";
import { reserveUnits } from "./reserve-units.ts";

/** Sends an attempt through the funnel and reserves. `read` parses the order from the request. */
export async function placeOrder(
  c: AppContext,
  skuId: string,
  read?: OrderReader,
): Promise<Outcome<{ order: Order; replayed: boolean }>> {
  const admitted = await runFunnel(c, skuId, read);
  if (!admitted.ok) return admitted;
  const { attempt } = admitted;
  const learn = observe(attempt);
  const sentAt = Date.now();
  const answer = await reserveUnits(attempt, toCommand);
  learn(answer);
  measure("object_seconds", Date.now() - sentAt, "reserve", answer.ok ? "ok" : answer.reason);
  const outcome = outcomeOf(answer);
  count("orders", outcome, attempt.entry?.sale.id ?? "-");
  const orderId = answer.ok && answer.value.ok ? answer.value.order.id : undefined;
  const step = { requestId: c.get("requestId"), skuId, reason: outcome };
  logVerbose(c.get("config"), "order.attempted", { userId: attempt.userId, orderId }, step);
  if (!answer.ok) return refused(inventoryRefusal(c, answer));
  return answer.value.ok ? answer.value : refused(toRefusal(answer.value, attempt));
}

/** The attempt as a command for the object. */
function toCommand(attempt: Admitted): ReserveCommand {
  const { c, userId, orderId, idempotencyKey, now, wantsBuyers = false } = attempt;
  const { quantity, unitPrice } = attempt.body;
  // Without a gateway a token pays for nothing, so its hold still counts as unpaid.
  const paymentToken = takesPaymentTokens(c.get("config")) && attempt.body.paymentToken;
  const receiptEmail = paymentToken ? receiptEmailOf(attempt) : undefined;
  return {
    userId,
    orderId,
    quantity,
    ...(paymentToken ? { paymentToken } : {}),
    ...(receiptEmail ? { receiptEmail } : {}),
    ...(unitPrice === undefined ? {} : { unitPrice }),
    idempotencyKey,
    fingerprint: fingerprint(attempt.body),
    ...networkOf(attempt),
    requestId: c.get("requestId"),
    askedAt: now,
    wantsBuyers,
    ...(attempt.pending ? { lookUpOnly: true } : {}),
    ...(attempt.isStopped ? { isStopped: true } : {}),
    ...inLine(attempt),
    ...afterUnpaidHolds(c.get("config"), attempt.body),
  };
}

/** The trace of the buyer's address block, for the report of the sale. */
function networkOf({ c, entry }: Admitted): Pick<ReserveCommand, "network"> {
  const { network } = addressOf(c);
  if (!entry || network === undefined) return {};
  return { network: traceOf(c.get("config"), entry.sale.id, "network", network) };
}

/** The ticket and pass for the object, if the sale has a line. */
function inLine({ turn }: Admitted): Pick<ReserveCommand, "ticket" | "pass"> {
  if (!turn) return {};
  const { ticket, published } = turn;
  return { ticket, ...(published && { pass: published.pass }) };
}

/**
 * The object's demand after unpaid holds. With the shop's own checkout, or without a gateway, an order cannot
 * carry a payment method, so the buyer waits.
 */
function afterUnpaidHolds(
  config: Pick<Config, "PAYMENTS" | "CHECKOUT_URL">,
  { paymentToken }: OrderBody,
): { afterUnpaidHolds?: AfterUnpaidHolds } {
  const takesTokens = takesPaymentTokens(config);
  if (takesTokens && paymentToken !== undefined) return {};
  return { afterUnpaidHolds: takesTokens && !config.CHECKOUT_URL ? "pay" : "wait" };
}

/** The label of the object's answer in the metrics. */
function outcomeOf(answer: InventoryAnswer<ReserveResult>): string {
  if (!answer.ok) return answer.reason;
  if (!answer.value.ok) return answer.value.reason;
  return answer.value.replayed ? "replayed" : "accepted";
}

/** 96 bits. */
const FINGERPRINT_LENGTH = 16;

/**
 * Distinguishes a retry from another request under the same key: another quantity or payment method. The ticket and the
 * price do not count, because they may have changed. Stored fingerprints have `null` as third part.
 */
function fingerprint(body: OrderBody): string {
  const text = JSON.stringify([body.quantity, body.paymentToken ?? null, null]);
  return digest(text, "base64").slice(0, FINGERPRINT_LENGTH);
}

const UNPAID = "Your earlier orders for this item ended unpaid.";

/** Maps the object's reasons to public ones. No other place does. */
function toRefusal(result: Exclude<ReserveResult, { ok: true }>, attempt: Admitted): Refusal {
  const { c, pending, turn } = attempt;
  switch (result.reason) {
    case "no_such_order":
      return pending ?? refuse("unavailable");
    case "sale_not_open":
      return refuse("sale_not_open", { opensAt: new Date(result.opensAt).toISOString() });
    case "sale_closed":
      return refuse("sale_closed", { closesAt: new Date(result.closesAt).toISOString() });
    case "user_limit_reached":
      return refuse("user_limit_reached", {
        scope: "sku",
        limit: result.limit,
        orderIds: result.orderIds,
      });
    case "sold_out": {
      const { available } = result;
      const detail = available > 0 ? { detail: `Only ${available} left` } : {};
      return refuse("sold_out", { ...detail, available, held: heldAnywhere(attempt, result.held) });
    }
    case "not_admitted_yet":
      return notAdmittedYet(turn?.published?.line, result.place);
    case "price_changed":
      return refuse("price_changed", { unitPrice: result.unitPrice });
    case "payment_method_required": {
      const mode = paymentModeOf(c.get("config"));
      const because = mode === "elsewhere" ? "payElsewhere" : "payHere";
      return refuse("payment_method_required", { because, detail: payFirst(mode) });
    }
    case "rate_limited":
      return refuse("rate_limited", {
        because: "unpaid",
        detail: UNPAID,
        retryAfterSeconds: result.retryAfterSeconds,
      });
    case "lease_required":
      return refuse("unavailable");
    default:
      return refuse(result.reason);
  }
}
