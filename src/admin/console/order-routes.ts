// The console's routes for orders: find them, and what an operator does with one.
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type * as z from "zod";
import type { Issue } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { parseOrderId } from "../../inventory/order-id.ts";
import { randomPartOf } from "../../inventory/order-number.ts";
import { findByNumber } from "../order-search.ts";
import { applyRelease, applyResend, findUserOrders, inspectOrder } from "../orders.ts";
import { applyRefund } from "../refunds.ts";
import { renderOrder } from "./order.tsx";
import { orderForm, type RefundForm, refundOf } from "./order-form.ts";
import { renderOrders } from "./orders.tsx";
import { refusalPage } from "./refusal-page.ts";
import { submitForm } from "./submit-form.ts";

type OrderContext = Context<AppEnv, "/:orderId">;

export const orderPages = new Hono<AppEnv>()
  .get("/", findOrders)
  .get("/:orderId", (c) => showOrder(c, {}))
  .post("/:orderId", changeOrder);

const orderPath = (orderId: string): string => `/admin/orders/${orderId}`;

/** `?find=`: the id of an order or of a user, or the number of an order. A text can be a number and the id of a user. */
async function findOrders(c: AppContext): Promise<Response> {
  const operator = c.get("operator");
  const { find = "", sku = "", cursor } = c.req.query();
  const [wanted, item] = [find.trim(), sku.trim()];
  if (parseOrderId(wanted)) return c.redirect(orderPath(wanted), 303);
  if (wanted === "") return c.html(await renderOrders({ operator, find: "" }));
  const isNumber = randomPartOf(wanted) !== undefined && cursor === undefined;
  const numbered = isNumber ? await findByNumber(c, wanted, item || undefined) : undefined;
  if (numbered && !numbered.ok) return refusalPage(c, numbered.refusal);
  const listed = await findUserOrders(c, wanted, cursor);
  if (!listed.ok) return refusalPage(c, listed.refusal);
  return c.html(await renderOrders({ operator, find: wanted, sku: item, numbered, found: listed }));
}

interface Shown {
  /** The refund as it was filled in. */
  form?: RefundForm;
  issues?: readonly Issue[];
  status?: ContentfulStatusCode;
}

async function showOrder(c: OrderContext, { status = 200, ...shown }: Shown): Promise<Response> {
  const found = await inspectOrder(c, c.req.param("orderId"));
  if (!found.ok) return refusalPage(c, found.refusal);
  const html = await renderOrder({
    ...{ operator: c.get("operator"), order: found.order, done: c.req.query("done") },
    ...{ hasWebhook: Boolean(c.get("config").ORDER_WEBHOOK_URL), refundKey: crypto.randomUUID() },
    ...shown,
  });
  return c.html(html, status);
}

function changeOrder(c: OrderContext): Promise<Response> {
  const orderId = c.req.param("orderId");
  return submitForm(c, orderForm, {
    apply: (form) => apply(c, orderId, form),
    done: ({ action }) => c.redirect(`${orderPath(orderId)}?done=${action}`, 303),
    show: ({ form, ...refused }) =>
      showOrder(c, form?.action === "refund" ? { form, ...refused } : refused),
  });
}

function apply(
  c: AppContext,
  orderId: string,
  form: z.output<typeof orderForm>,
): Promise<Response> | Issue[] {
  if (form.action === "release") return applyRelease(c, orderId, { reason: form.reason });
  if (form.action === "resend") return applyResend(c, orderId, form.reason);
  const refund = refundOf(form);
  return refund.ok ? applyRefund(c, orderId, form.key, refund.command) : refund.issues;
}
