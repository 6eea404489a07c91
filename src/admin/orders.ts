// The operator's routes for single orders: find those of a user, inspect, release, and send the webhook again.
import type { Context } from "hono";
import { normalizeValue } from "../funnel/rule-set.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppContext, AppEnv } from "../http/request.ts";
import { callInventory, type InventoryStub } from "../inventory/client.ts";
import type { OrderInspection } from "../inventory/inspection.ts";
import { type OrderAddress, parseOrderId } from "../inventory/order-id.ts";
import { mayHaveOrders, type Outcome, refused } from "../orders/buyer.ts";
import { type OrderList, ordersOf } from "../orders/my-orders.ts";
import { recorded } from "./log.ts";
import { findByNumber } from "./order-search.ts";

type OrderContext<Rest extends string = ""> = Context<AppEnv, `/orders/:orderId${Rest}`>;

/** The operators' look-ups use a budget of their own, not that of the user. */
const CALLER = "the operators";

/** The object of an order. Undefined if there is no such order for certain: an id that never existed must not wake an object. */
export async function addressOf(c: AppContext, orderId: string): Promise<OrderAddress | undefined> {
  const address = parseOrderId(orderId);
  return address && (await mayHaveOrders(c, address)) ? address : undefined;
}

/**
 * `GET /orders?user=`: a user's orders, newest first. `incomplete` while some may be missing, as when Redis is down. `?number=`:
 * those with this number, in the ledger of `&sku=` or in all.
 */
export async function listOrdersOf(c: AppContext): Promise<Response> {
  const { user = "", number, sku, cursor } = c.req.query();
  if (number !== undefined) return listNumbered(c, number, sku);
  const listed = await findUserOrders(c, user, cursor);
  if (!listed.ok) return problem(c, listed.refusal);
  const { ok: _, userId, orders, ...page } = listed;
  return c.json({ orders: orders.map((order) => ({ ...order, userId })), ...page });
}

async function listNumbered(c: AppContext, number: string, sku?: string): Promise<Response> {
  const found = await findByNumber(c, number, sku);
  if (!found.ok) return problem(c, found.refusal);
  const orders = found.orders.map(({ userId, order }) => ({ ...order, userId }));
  return c.json({ orders, ...(found.incomplete ? { incomplete: true } : {}) });
}

export async function findUserOrders(
  c: AppContext,
  user: string,
  cursor: string | undefined,
): Promise<Outcome<OrderList & { userId: string }>> {
  const userId = normalizeValue("user", user);
  if (userId === undefined) {
    const issues = [{ path: "user", message: "needs the id of a user: 1 to 128 characters" }];
    return refused(refuse("invalid_request", { issues }));
  }
  const listed = await ordersOf(c, userId, cursor, CALLER);
  return listed.ok ? { ...listed, userId } : listed;
}

export async function showOrder(c: OrderContext): Promise<Response> {
  const found = await inspectOrder(c, c.req.param("orderId"));
  return found.ok ? c.json(found.order) : problem(c, found.refusal);
}

/** An order as its ledger has it now. */
export async function inspectOrder(
  c: AppContext,
  orderId: string,
): Promise<Outcome<{ order: OrderInspection }>> {
  const address = await addressOf(c, orderId);
  if (!address) return refused(refuse("not_found"));
  const answer = await callInventory(c.env, address, (inventory) => inventory.inspect(orderId));
  if (!answer.ok) return refused(refuse(answer.reason));
  return answer.value ? { ok: true, order: answer.value } : refused(refuse("not_found"));
}

export const releaseOrder = (c: OrderContext<"/release">): Promise<Response> =>
  applyRelease(c, c.req.param("orderId"));

/**
 * Takes the units of a reserved order from its buyer. Repeating it changes nothing.
 *
 * @param backOnSale whether the units go back on sale. Otherwise they leave the stock
 */
export async function applyRelease(
  c: AppContext,
  orderId: string,
  { reason, backOnSale = true }: { reason?: string; backOnSale?: boolean } = {},
): Promise<Response> {
  const address = await addressOf(c, orderId);
  if (!address) return problem(c, refuse("not_found"));
  const intent = { action: "order.released", target: `order/${orderId}`, reason } as const;
  return recorded(c, intent, async (note) => {
    const answer = await atOrder(c, address, (inventory) =>
      inventory.release(orderId, { backOnSale }),
    );
    if (answer instanceof Response) return answer;
    if (!answer.ok) return problem(c, refuse(answer.reason, RELEASE_HELP[answer.reason]));
    if (answer.released) {
      const withdrawal = backOnSale ? {} : { backOnSale };
      note({ status: "reserved" }, { status: answer.order.status, ...withdrawal });
    }
    return c.json(answer.order);
  });
}

const RELEASE_HELP: Record<string, { detail: string }> = {
  order_not_cancellable: {
    detail: "Only a reserved order can be released. A confirmed one can be refunded",
  },
};

export const resendWebhook = (c: OrderContext<"/webhooks/resend">): Promise<Response> =>
  applyResend(c, c.req.param("orderId"));

/** Owes the shop's webhook the event of a final order again, under the same id. */
export async function applyResend(
  c: AppContext,
  orderId: string,
  reason?: string,
): Promise<Response> {
  const { ORDER_WEBHOOK_URL, ORDER_WEBHOOK_EVENTS: extra } = c.get("config");
  if (!ORDER_WEBHOOK_URL) return problem(c, NO_WEBHOOK);
  const address = await addressOf(c, orderId);
  if (!address) return problem(c, refuse("not_found"));
  const intent = { action: "order.webhook_resent", target: `order/${orderId}`, reason } as const;
  return recorded(c, intent, async () => {
    const answer = await atOrder(c, address, (inventory) => inventory.resendEvent(orderId, extra));
    if (answer instanceof Response) return answer;
    if (answer.ok) return c.json({ webhookId: `${orderId}.${answer.version}` }, 202);
    return problem(c, answer.reason === "not_final" ? NOT_FINAL : refuse(answer.reason));
  });
}

const NO_WEBHOOK = refuse("invalid_request", {
  issues: [{ path: "", message: "needs ORDER_WEBHOOK_URL to be set" }],
});
const NOT_FINAL = refuse("invalid_request", {
  issues: [{ path: "orderId", message: "has no event now; the next one is sent by itself" }],
});

/** Calls the object of an order. Returns its answer, or the response if there is none. */
async function atOrder<T>(
  c: AppContext,
  address: OrderAddress,
  useCase: (inventory: InventoryStub) => Promise<T>,
): Promise<T | Response> {
  const answer = await callInventory(c.env, address, useCase);
  return answer.ok ? answer.value : problem(c, refuse(answer.reason));
}
