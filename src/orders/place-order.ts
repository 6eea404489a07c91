// Placing an order: through the funnel, then one call of the SKU's object. The API and the pages both go
// through here, so that a form without JavaScript buys exactly as the API does.
import type { Config } from "../config.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { Attempt, OrderBody, Stage } from "../funnel/attempt.ts";
import { runFunnel } from "../funnel/funnel.ts";
import { askObject } from "../funnel/shedding.ts";
import { asksForBuyers, noteAnswer } from "../funnel/sold-out.ts";
import type { AppContext } from "../http.ts";
import { callInventory, type InventoryAnswer, LANE } from "../inventory/client.ts";
import type { ReserveCommand } from "../inventory/decide-reserve.ts";
import type { Order } from "../inventory/order.ts";
import type { ReserveResult } from "../inventory/sku-inventory.ts";
import type { AfterUnpaidHolds } from "../inventory/unpaid-holds.ts";
import { count } from "../observability/metrics.ts";
import { inventoryRefusal, type Outcome, refused } from "./buyer.ts";

/** Sends the caller's attempt through the funnel and reserves. `shape` reads it out of the request. */
export async function placeOrder(
  c: AppContext,
  skuId: string,
  shape?: Stage,
): Promise<Outcome<{ order: Order; replayed: boolean }>> {
  const passed = await runFunnel(c, skuId, shape);
  if (!passed.ok) return passed;
  const { attempt } = passed;
  const address = { skuId: attempt.skuId, lane: LANE };
  const command = await toCommand(attempt);
  const answered = askObject(skuId, Date.now());
  const answer = await callInventory(c.env, address, (inventory) => inventory.reserve(command));
  answered(!answer.ok && answer.reason === "overloaded");
  count("orders", outcomeOf(answer), attempt.entry?.sale.id ?? "-");
  if (!answer.ok) return refused(inventoryRefusal(c, answer));
  const result = answer.value;
  noteAnswer(attempt, command.wantsBuyers === true, result);
  return result.ok ? result : refused(toRefusal(result, attempt.pending));
}

/** The attempt as its object gets it. */
async function toCommand(attempt: Attempt): Promise<ReserveCommand> {
  const { c, userId, orderId, idempotencyKey, now } = attempt;
  const { quantity, unitPrice } = attempt.body;
  // Where nothing is charged, a token pays for nothing: a hold that came with one still ends unpaid.
  const paymentToken = c.get("config").PAYMENTS && attempt.body.paymentToken;
  return {
    userId,
    orderId,
    quantity,
    ...(paymentToken ? { paymentToken } : {}),
    ...(unitPrice === undefined ? {} : { unitPrice }),
    idempotencyKey,
    fingerprint: await fingerprint(attempt),
    askedAt: now,
    wantsBuyers: asksForBuyers(attempt),
    ...(attempt.pending ? { lookUpOnly: true } : {}),
    ...afterUnpaidHolds(c.get("config"), attempt.body),
  };
}

/**
 * What is asked of somebody who let holds end unpaid. Where pages lead to the shop's checkout, or nothing is
 * charged here, an order has no payment to bring, so they wait.
 */
function afterUnpaidHolds(
  { PAYMENTS, CHECKOUT_URL }: Pick<Config, "PAYMENTS" | "CHECKOUT_URL">,
  { paymentToken }: OrderBody,
): { afterUnpaidHolds?: AfterUnpaidHolds } {
  if (PAYMENTS && paymentToken !== undefined) return {};
  return { afterUnpaidHolds: PAYMENTS && !CHECKOUT_URL ? "pay" : "wait" };
}

/** What the object said, for the operator's counters. */
function outcomeOf(answer: InventoryAnswer<ReserveResult>): string {
  if (!answer.ok) return answer.reason;
  if (!answer.value.ok) return answer.value.reason;
  return answer.value.replayed ? "replayed" : "accepted";
}

/**
 * Tells a retry from another request under the same key: another quantity or payment method. A place in line
 * and the price that was seen may have changed since; the third part is what stored fingerprints have.
 */
async function fingerprint({ body }: Attempt): Promise<string> {
  const text = JSON.stringify([body.quantity, body.paymentToken ?? null, null]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest, 0, 12)));
}

const UNPAID = "Earlier orders of yours for this item ended unpaid.";

/** The one place where inner reasons of a reservation become public ones. */
function toRefusal(result: Exclude<ReserveResult, { ok: true }>, pending?: Refusal): Refusal {
  switch (result.reason) {
    case "no_such_order":
      return pending ?? refuse("unavailable");
    case "sale_not_open":
      return refuse("sale_not_open", { opensAt: new Date(result.opensAt).toISOString() });
    case "sale_closed":
      return refuse("sale_closed", { closesAt: new Date(result.closesAt).toISOString() });
    case "user_limit_reached":
      return refuse("user_limit_reached", { limit: result.limit, orderIds: result.orderIds });
    case "sold_out":
      return refuse("sold_out", { available: result.available, held: result.held });
    case "price_changed":
      return refuse("price_changed", { unitPrice: result.unitPrice });
    case "payment_method_required":
      return refuse("payment_method_required", {
        detail: `${UNPAID} Send the payment method with the next one.`,
      });
    case "rate_limited":
      return refuse("rate_limited", {
        detail: UNPAID,
        retryAfterSeconds: result.retryAfterSeconds,
      });
    default:
      return refuse(result.reason);
  }
}
