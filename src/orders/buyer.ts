// What buyers can do with their orders: pay and cancel. The API and the pages share this code.

import { readCatalog } from "../catalog/snapshot.ts";
import { takesPaymentTokens } from "../config/config.ts";
import type { Identified } from "../funnel/attempt.ts";
import { randomRetrySeconds } from "../funnel/decide-shed.ts";
import { authenticate, limitChanges } from "../funnel/funnel.ts";
import { logVerbose } from "../funnel/verbose.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import type { OrderResult } from "../inventory/buyer-use-cases.ts";
import { callInventory, type InventoryStub } from "../inventory/client.ts";
import type { PaymentView, PayRefusal } from "../inventory/decide-pay.ts";
import type { Order } from "../inventory/order.ts";
import {
  type OrderAddress,
  type OrderRef,
  objectName,
  parseOrderId,
} from "../inventory/order-id.ts";
import { causeOf, log } from "../observability/log.ts";
import { type PaymentPause, pauseText } from "../payments/payment-pause.ts";
import { estimatedSeconds, paymentPause, secondsUntilPayable } from "./payment-wait.ts";

/** The result of a use case, or the one reason for its refusal. */
export type Outcome<T> = ({ ok: true } & T) | { ok: false; refusal: Refusal };

export const refused = (refusal: Refusal) => ({ ok: false, refusal }) as const;

/** An order of the caller: its ref, its address, and the request about it. */
export interface OwnedRef {
  ref: OrderRef;
  address: OrderAddress;
  attempt: Identified;
}

/** The refusal of a buyer whose object did not answer. */
export function inventoryRefusal(
  c: AppContext,
  { reason, cause }: { reason: "overloaded" | "unavailable"; cause: unknown },
): Refusal {
  log(`inventory.${reason}`, { requestId: c.get("requestId"), cause: causeOf(cause) });
  return refuse(reason, { retryAfterSeconds: randomRetrySeconds() });
}

/** Resolves an order id for its owner. Other callers get "order not found", so ids leak no owners. */
export async function ownOrder(c: AppContext, orderId: string): Promise<Outcome<OwnedRef>> {
  const entered = await authenticate(c);
  if (!entered.ok) return entered;
  const { attempt } = entered;
  const address = parseOrderId(orderId);
  if (!address) return refused(refuse("not_found"));
  return { ok: true, address, attempt, ref: { userId: attempt.userId, orderId } };
}

/** The payment of an order as the API shows it. */
export interface ShownPayment extends Omit<PaymentView, "dueSince"> {
  publishableKey?: string;
  /** While the payment is due: until it is taken, as far as its place in line tells. */
  estimatedSeconds?: number;
  /** While payments are paused: what the buyer should know, in English. */
  notice?: string;
  /** The same for pages, which have several languages. */
  pause?: PaymentPause;
}

/** The payment of an order for its owner. Read from the ledger: the client secret is stored nowhere else. */
export async function findPayment(
  c: AppContext,
  { address, ref }: OwnedRef,
): Promise<Outcome<{ payment: ShownPayment }>> {
  if (!(await mayHaveOrders(c, address))) return refused(refuse("not_found"));
  const answer = await callInventory(c.env, address, (inventory) => inventory.payment(ref));
  if (!answer.ok) return refused(inventoryRefusal(c, answer));
  if (!answer.value) return refused(refuse("not_found"));
  const { dueSince, ...view } = answer.value;
  const { PAYMENTS, STRIPE_PUBLISHABLE_KEY: publishableKey } = c.get("config");
  const isDue = dueSince !== undefined;
  const seconds = isDue ? await estimatedSeconds(c.get("scope"), dueSince) : undefined;
  const isOpen = isDue || view.attemptsLeft > 0;
  const pause = isOpen ? await paymentPause(c.get("scope"), isDue) : undefined;
  return {
    ok: true,
    payment: {
      ...view,
      ...(PAYMENTS === "external" ? { attemptsLeft: 0 } : {}),
      ...(publishableKey ? { publishableKey } : {}),
      ...(seconds === undefined ? {} : { estimatedSeconds: seconds }),
      ...(pause ? { pause, notice: pauseText(pause) } : {}),
    },
  };
}

/**
 * Attaches a payment method to a reserved order, or another one after a decline. Refused while payments wait longer than
 * an order can be held for them.
 */
export async function payOrder(c: AppContext, order: OwnedRef, paymentToken: string) {
  if (!takesPaymentTokens(c.get("config"))) {
    return refused(NO_PAYMENTS);
  }
  const retryAfterSeconds = await secondsUntilPayable(c.get("scope"));
  if (retryAfterSeconds > 0) {
    const detail = "Too many payments are waiting. You have not been charged for this try.";
    const because = "manyPayments";
    return refused(refuse("unavailable", { retryAfterSeconds, detail, because }));
  }
  const receiptEmail = receiptEmailOf(order.attempt);
  return changeOrder(c, order, "pay", (inventory, requestId) =>
    inventory.pay(order.ref, paymentToken, receiptEmail, requestId),
  );
}

/** Where the provider sends its receipt. Undefined if it sends none: only Stripe does, to the address in the token. */
export const receiptEmailOf = ({
  c,
  email,
}: Pick<Identified, "c" | "email">): string | undefined =>
  c.get("config").PAYMENTS === "stripe" ? email : undefined;

/** Cancels a reserved order for its buyer. */
export const cancelOrder = (c: AppContext, order: OwnedRef) =>
  changeOrder(c, order, "cancel", (inventory, requestId) => inventory.cancel(order.ref, requestId));

/** Whether the object ever existed. A forged id must not wake one. */
export async function mayHaveOrders(c: AppContext, address: OrderAddress): Promise<boolean> {
  return (await readCatalog(c.get("scope"))).hasEverHad(objectName(address));
}

async function changeOrder(
  c: AppContext,
  { address, attempt, ref }: OwnedRef,
  step: "pay" | "cancel",
  change: (
    inventory: InventoryStub,
    requestId: string,
  ) => Promise<OrderResult<PayRefusal | "order_not_cancellable">>,
): Promise<Outcome<{ order: Order }>> {
  if (!(await mayHaveOrders(c, address))) return refused(refuse("not_found"));
  const may = await limitChanges(attempt, address.skuId);
  if (!may.ok) return may;
  const requestId = c.get("requestId");
  const answer = await callInventory(c.env, address, (inventory) => change(inventory, requestId));
  if (!answer.ok) return refused(inventoryRefusal(c, answer));
  const reason = answer.value.ok ? "changed" : answer.value.reason;
  logVerbose(c.get("config"), "order.changed", ref, { requestId, step, reason });
  if (answer.value.ok) return answer.value;
  const { reason: cause } = answer.value;
  return refused(cause === "method_used" ? METHOD_USED : refuse(cause));
}

const NO_PAYMENTS = refuse("order_not_payable", {
  because: "noPayments",
  detail: "This shop takes no payments here",
});

const METHOD_USED = refuse("order_not_payable", {
  because: "methodUsed",
  detail: "This payment method was tried before. Use another one.",
});
