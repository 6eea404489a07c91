// The one action on suspicious orders: cancels those that are reserved, and refunds those that are confirmed. Each order goes
// through the same command as a single one, with an entry of its own in the log.
import type { Context } from "hono";
import * as z from "zod";
import { idSchema } from "../../catalog/schema.ts";
import { readIdempotencyKey } from "../../funnel/shape.ts";
import { type ErrorCode, problem, refuse } from "../../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../../http/request.ts";
import type { OrderInspection } from "../../inventory/inspection.ts";
import { applyRelease, inspectOrder } from "../orders.ts";
import { applyRefund, refundSchema } from "../refunds.ts";
import { MAX_ORDERS } from "./find-clusters.ts";

const MAX_BYTES = 16_384;
const MAX_ORDER_ID = 128;

export const takeBackSchema = refundSchema
  .omit({ quantity: true })
  .extend({ orderIds: z.array(z.string().max(MAX_ORDER_ID)).min(1).max(MAX_ORDERS) });

export type TakeBack = z.output<typeof takeBackSchema>;

/** `unchanged`: it has no units any more. `unknown`: no answer, so it may have happened. */
export interface TakenBack {
  orderId: string;
  outcome: "refunding" | "cancelled" | "unchanged" | "refused" | "unknown";
  code?: ErrorCode;
}

/** `left`: orders that were not tried, because a part did not answer. The same request goes on with them. */
export interface TakeBackResult {
  results: TakenBack[];
  left: number;
}

/** Answers 200 with the outcome of each order. Requires an `Idempotency-Key`: a repeated request refunds once. */
export async function takeBack(
  c: Context<AppEnv, "/sales/:saleId/audit/take-back">,
): Promise<Response> {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  if (!saleId.success) return problem(c, refuse("not_found"));
  const named = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!named.ok) return problem(c, named.refusal);
  const body = await readJson(c, takeBackSchema, MAX_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return applyTakeBack(c, saleId.data, named.key, body.value);
}

/** @param key the idempotency key of each order's refund */
export async function applyTakeBack(
  c: AppContext,
  saleId: string,
  key: string,
  { orderIds, ...request }: TakeBack,
): Promise<Response> {
  const orders = await inspectAll(c, saleId, [...new Set(orderIds)]);
  if (orders instanceof Response) return orders;
  const results: TakenBack[] = [];
  for (const order of orders) {
    const answer = await takeBackOne(c, order, key, request);
    const isUnknown = answer !== undefined && answer.status >= 500;
    // Nothing was changed yet, so the answer is that of a single order.
    if (isUnknown && results.every(({ outcome }) => outcome === "unchanged")) return answer;
    results.push(await toResult(order, answer));
    if (isUnknown) break;
  }
  c.header("Idempotent-Replayed", undefined); // set by a single one of them
  return c.json({ results, left: orders.length - results.length } satisfies TakeBackResult);
}

/** The orders as they are now, or the refusal: one wrong order, and none is taken back. */
async function inspectAll(
  c: AppContext,
  saleId: string,
  orderIds: string[],
): Promise<OrderInspection[] | Response> {
  const orders: OrderInspection[] = [];
  for (const [at, orderId] of orderIds.entries()) {
    const found = await inspectOrder(c, orderId);
    if (!found.ok && found.refusal.reason !== "not_found") return problem(c, found.refusal);
    if (!found.ok || found.order.saleId !== saleId) {
      const issues = [{ path: `orderIds.${at}`, message: "is not an order of this sale" }];
      return problem(c, refuse("invalid_request", { issues }));
    }
    orders.push(found.order);
  }
  return orders;
}

/** The answer of the command for one order. Undefined if there is nothing to take back. */
async function takeBackOne(
  c: AppContext,
  { id, status }: OrderInspection,
  key: string,
  request: Omit<TakeBack, "orderIds">,
): Promise<Response | undefined> {
  if (status === "reserved") return applyRelease(c, id, request);
  return status === "confirmed" ? applyRefund(c, id, key, request) : undefined;
}

async function toResult(
  { id: orderId, status }: OrderInspection,
  answer: Response | undefined,
): Promise<TakenBack> {
  if (!answer) return { orderId, outcome: "unchanged" };
  if (answer.ok) return { orderId, outcome: status === "reserved" ? "cancelled" : "refunding" };
  const { code } = await answer.json<{ code: ErrorCode }>();
  return { orderId, outcome: answer.status < 500 ? "refused" : "unknown", code };
}
