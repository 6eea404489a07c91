// What a buyer can do: reserve, read, pay, give back. The API and the pages both go through here, so that
// a form without JavaScript buys exactly as the API does.
import { readCatalog } from "../catalog/snapshot.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { Attempt, Stage } from "../funnel/attempt.ts";
import { enter, mayChange, runFunnel } from "../funnel/funnel.ts";
import { askObject, retryAfter } from "../funnel/shedding.ts";
import { asksForBuyers, noteAnswer } from "../funnel/sold-out.ts";
import type { AppContext } from "../http.ts";
import {
  callInventory,
  type InventoryAnswer,
  type InventoryStub,
  LANE,
} from "../inventory/client.ts";
import type { OrderRef } from "../inventory/ledger.ts";
import { type Order, type OrderAddress, parseOrderId } from "../inventory/order.ts";
import type { OrderResult, ReserveResult } from "../inventory/sku-inventory.ts";
import { causeOf, log } from "../observability/log.ts";
import { count } from "../observability/metrics.ts";

/** What a use case says: the order, or the one reason why not. */
export type Outcome<T> = ({ ok: true } & T) | { ok: false; refusal: Refusal };

export const refused = (refusal: Refusal) => ({ ok: false, refusal }) as const;

/** An order of the caller, where it lives, and the request that asks about it. */
export interface OwnedRef {
  ref: OrderRef;
  address: OrderAddress;
  attempt: Attempt;
}

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
  const wantsBuyers = asksForBuyers(attempt);
  const command = {
    userId: attempt.userId,
    orderId: attempt.orderId,
    quantity: attempt.body.quantity,
    ...(attempt.body.paymentToken ? { paymentToken: attempt.body.paymentToken } : {}),
    ...(attempt.body.unitPrice ? { unitPrice: attempt.body.unitPrice } : {}),
    idempotencyKey: attempt.idempotencyKey,
    fingerprint: await fingerprint(attempt),
    askedAt: attempt.now,
    wantsBuyers,
    ...(attempt.pending ? { lookUpOnly: true } : {}),
  };
  const answered = askObject(skuId, Date.now());
  const answer = await callInventory(c.env, address, (inventory) => inventory.reserve(command));
  answered(!answer.ok && answer.reason === "overloaded");
  count("orders", outcomeOf(answer), attempt.entry?.sale.id ?? "-");
  if (!answer.ok) return refused(inventoryRefusal(c, answer));
  const result = answer.value;
  noteAnswer(attempt, wantsBuyers, result);
  return result.ok ? result : refused(toRefusal(result, attempt.pending));
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
    default:
      return refuse(result.reason);
  }
}

export function inventoryRefusal(
  c: AppContext,
  { reason, cause }: { reason: "overloaded" | "unavailable"; cause: unknown },
): Refusal {
  log(`inventory.${reason}`, { requestId: c.get("requestId"), cause: causeOf(cause) });
  return refuse(reason, { retryAfterSeconds: retryAfter() });
}

/** Answers "order not found" to strangers too: whose it is, is nobody else's business. */
export async function ownOrder(c: AppContext, orderId: string): Promise<Outcome<OwnedRef>> {
  const entered = await enter(c);
  if (!entered.ok) return entered;
  const { attempt } = entered;
  const address = parseOrderId(orderId);
  // An id with another lane is made up: asking for it would wake an object that never was.
  if (address?.lane !== LANE) return refused(refuse("not_found"));
  return { ok: true, address, attempt, ref: { userId: attempt.userId, orderId } };
}

/** Attaches a payment method to an order that was reserved without one. */
export const payOrder = (c: AppContext, order: OwnedRef, paymentToken: string) =>
  changeOrder(c, order, (inventory) => inventory.pay(order.ref, paymentToken));

/** The buyer gives a reserved order back. */
export const cancelOrder = (c: AppContext, order: OwnedRef) =>
  changeOrder(c, order, (inventory) => inventory.cancel(order.ref));

/** An id naming a SKU that never was must not wake an object of that name. */
export async function mayHaveOrders(c: AppContext, skuId: string): Promise<boolean> {
  return (await readCatalog(c)).hasEverHad(skuId);
}

async function changeOrder(
  c: AppContext,
  { address, attempt }: OwnedRef,
  change: (
    inventory: InventoryStub,
  ) => Promise<OrderResult<"order_not_payable" | "order_not_cancellable">>,
): Promise<Outcome<{ order: Order }>> {
  if (!(await mayHaveOrders(c, address.skuId))) return refused(refuse("not_found"));
  const may = await mayChange(attempt, address.skuId);
  if (!may.ok) return may;
  const answer = await callInventory(c.env, address, change);
  if (!answer.ok) return refused(inventoryRefusal(c, answer));
  return answer.value.ok ? answer.value : refused(refuse(answer.value.reason));
}
