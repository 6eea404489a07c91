// The routes of buyers (reserve, read, pay, cancel), and the one where the shop's own checkout reports payments.
import { type Context, Hono } from "hono";
import { paymentBodySchema } from "../funnel/attempt.ts";
import { problem } from "../http/errors.ts";
import { completeHeaders } from "../http/headers.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { cancelOrder, findPayment, ownOrder, payOrder } from "./buyer.ts";
import { findOrder, listOrders } from "./my-orders.ts";
import { reportPayment } from "./payment-result.ts";
import { placeOrder } from "./place-order.ts";

const MAX_PAYMENT_BYTES = 1_024;
/** Built once, because a rush gets so many of these answers. */
const ACCEPTED = completeHeaders({ "Content-Type": "application/json" });

export const orderRoutes = new Hono<AppEnv>()
  .post("/skus/:skuId/orders", reserve)
  .get("/orders", list)
  .get("/orders/:orderId", show)
  .get("/orders/:orderId/payment", showPayment)
  .post("/orders/:orderId/payment", pay)
  .delete("/orders/:orderId", cancel)
  .post("/merchant/orders/:orderId/payment-result", reportPayment);

async function reserve(c: Context<AppEnv, "/skus/:skuId/orders">): Promise<Response> {
  const placed = await placeOrder(c, c.req.param("skuId"));
  if (!placed.ok) return problem(c, placed.refusal);
  const answer = new Response(JSON.stringify(placed.order), { status: 202, headers: ACCEPTED });
  answer.headers.set("Location", `/api/orders/${placed.order.id}`);
  if (placed.replayed) answer.headers.set("Idempotent-Replayed", "true");
  return answer;
}

async function show(c: Context<AppEnv, "/orders/:orderId">): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return problem(c, owned.refusal);
  const found = await findOrder(c, owned);
  if (!found.ok) return problem(c, found.refusal);
  c.header("X-Served-From", found.source);
  return c.json(found.order);
}

async function list(c: AppContext): Promise<Response> {
  const listed = await listOrders(c, c.req.query("cursor"));
  if (!listed.ok) return problem(c, listed.refusal);
  const { ok: _, ...page } = listed;
  return c.json(page);
}

async function showPayment(c: Context<AppEnv, "/orders/:orderId/payment">): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return problem(c, owned.refusal);
  const found = await findPayment(c, owned);
  return found.ok ? c.json(found.payment) : problem(c, found.refusal);
}

async function pay(c: Context<AppEnv, "/orders/:orderId/payment">): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return problem(c, owned.refusal);
  const body = await readJson(c, paymentBodySchema, MAX_PAYMENT_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const paid = await payOrder(c, owned, body.value.paymentToken);
  return paid.ok ? c.json(paid.order, 202) : problem(c, paid.refusal);
}

async function cancel(c: Context<AppEnv, "/orders/:orderId">): Promise<Response> {
  const owned = await ownOrder(c, c.req.param("orderId"));
  if (!owned.ok) return problem(c, owned.refusal);
  const cancelled = await cancelOrder(c, owned);
  return cancelled.ok ? c.json(cancelled.order) : problem(c, cancelled.refusal);
}
