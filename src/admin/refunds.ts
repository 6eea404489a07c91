// The operator's route for refunds of confirmed orders.
import type { Context } from "hono";
import * as z from "zod";
import { readIdempotencyKey } from "../funnel/shape.ts";
import { problem, type Refusal, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import { MAX_UNITS } from "../inventory/decide-stock.ts";
import type { RefundAnswer } from "../inventory/operator-use-cases.ts";
import { recorded } from "./log.ts";
import { addressOf } from "./orders.ts";

const MAX_REFUND_BYTES = 4_096;
const MAX_REASON_LENGTH = 500;

export const refundSchema = z.strictObject({
  /** Absent: all units that are left. 0: only money of units that are gone, if it came back. */
  quantity: z.int().min(0).max(MAX_UNITS).exactOptional(),
  /** Whether the units are sold again. Otherwise they leave the stock. */
  backOnSale: z.boolean(),
  /** For the shop's records. Buyers never see it. */
  reason: z.string().trim().min(1).max(MAX_REASON_LENGTH),
});

export type RefundRequest = z.output<typeof refundSchema>;

/** Answers 202 once the refund is durable. The order shows when the money is back with the buyer. */
export async function refundOrder(
  c: Context<AppEnv, "/orders/:orderId/refund">,
): Promise<Response> {
  const named = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!named.ok) return problem(c, named.refusal);
  const body = await readJson(c, refundSchema, MAX_REFUND_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return applyRefund(c, c.req.param("orderId"), named.key, body.value);
}

/** @param key the idempotency key: a repeated request refunds once */
export async function applyRefund(
  c: AppContext,
  orderId: string,
  key: string,
  request: RefundRequest,
): Promise<Response> {
  const address = await addressOf(c, orderId);
  if (!address) return problem(c, refuse("not_found"));
  const { quantity, backOnSale, reason } = request;
  const fingerprint = JSON.stringify([quantity ?? null, backOnSale, reason]);
  const command = { id: key, fingerprint, ...request };
  const intent = { action: "order.refunded", target: `order/${orderId}`, key } as const;
  return recorded(c, { ...intent, reason, asks: { quantity, backOnSale } }, async () => {
    const answer = await callInventory(c.env, address, (object) => object.refund(orderId, command));
    if (!answer.ok) return problem(c, refuse(answer.reason));
    if (!answer.value.ok) return problem(c, refusalOf(answer.value));
    if (answer.value.replayed) c.header("Idempotent-Replayed", "true");
    return c.json(answer.value.receipt, 202);
  });
}

const badQuantity = (message: string): Refusal =>
  refuse("invalid_request", { issues: [{ path: "quantity", message }] });

function refusalOf(answer: RefundAnswer & { ok: false }): Refusal {
  if (answer.reason === "too_many")
    return badQuantity(`only ${answer.left} units are left to refund`);
  if (answer.reason === "nothing_owed") return badQuantity("use at least 1: no money came back");
  if (answer.reason !== "order_not_cancellable") return refuse(answer.reason);
  const detail =
    "Only a confirmed order can be refunded, only what was not refunded before, and not what was paid in your own checkout";
  return refuse("order_not_cancellable", { detail });
}
