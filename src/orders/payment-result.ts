// Receives the reports of the shop's own checkout (`PAYMENTS="external"`): what became of an order's payment. Requests are
// signed as the Standard Webhooks specification says.
import type { Context } from "hono";
import { Webhook } from "standardwebhooks";
import * as z from "zod";
import { problem, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, parseJsonBody, readText } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import type { PaymentReport } from "../inventory/decide-report.ts";
import { parseOrderId } from "../inventory/order-id.ts";
import type { ReportResult } from "../inventory/payment-report.ts";
import { log } from "../observability/log.ts";
import { inventoryRefusal, mayHaveOrders } from "./buyer.ts";

const MAX_REPORT_BYTES = 4_096;

/** The amount of an order can exceed the largest unit price, so it has no limit here. */
export const reportSchema = z.strictObject({
  /** The signature covers the body, but not the path. With the id, the report counts for no other order. */
  orderId: z.string().optional(),
  outcome: z.enum(["charged", "declined", "refunded"]),
  reference: z.string().regex(/^[\x21-\x7e]{1,255}$/, "use 1 to 255 visible ASCII characters"),
  amount: z.strictObject({ amount: z.int().min(0), currency: z.string().max(3) }),
});

export async function reportPayment(
  c: Context<AppEnv, "/merchant/orders/:orderId/payment-result">,
): Promise<Response> {
  const { PAYMENTS, MERCHANT_SECRET: secrets = [] } = c.get("config");
  if (PAYMENTS !== "external") return problem(c, refuse("not_found"));
  const text = await readText(c.req.raw, MAX_REPORT_BYTES);
  if (text === undefined) {
    return problem(c, refuse("payload_too_large", { detail: `At most ${MAX_REPORT_BYTES} bytes` }));
  }
  if (!secrets.some((secret) => isSigned(c, secret, text))) {
    log("merchant.report_refused", { requestId: c.get("requestId"), reason: "signature" });
    return problem(c, refuse("forbidden"));
  }
  const parsed = parseJsonBody(c, reportSchema, text);
  if (!parsed.ok) return problem(c, parsed.refusal);
  const orderId = c.req.param("orderId");
  const { orderId: signedId = orderId, ...report } = parsed.value;
  if (signedId !== orderId) return problem(c, OTHER_ORDER);
  const address = parseOrderId(orderId);
  if (!(address && (await mayHaveOrders(c, address)))) {
    return problem(c, refuse("not_found"));
  }
  const answer = await callInventory(c.env, address, (inventory) =>
    inventory.recordReport(orderId, report),
  );
  if (!answer.ok) return problem(c, inventoryRefusal(c, answer));
  return respond(c, orderId, report, answer.value);
}

const OTHER_ORDER = refuse("invalid_request", {
  issues: [{ path: "orderId", message: "must equal the id in the URL" }],
});

/** Whether the request was signed with this secret within the last five minutes. */
function isSigned(c: AppContext, secret: string, text: string): boolean {
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  const headers = Object.fromEntries(names.map((name) => [name, c.req.header(name) ?? ""]));
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

/** An operator may have to look at money that an order did not take, so the log names its reference. */
function respond(
  c: AppContext,
  orderId: string,
  { outcome, reference }: PaymentReport,
  result: ReportResult,
): Response {
  const fields = { requestId: c.get("requestId"), orderId, step: outcome, reason: reference };
  if (result.ok) {
    const { order, action } = result;
    if (action === "refund") log("merchant.refund_due", fields);
    return c.json({ order, action });
  }
  if (result.reason !== "payment_mismatch") return problem(c, refuse(result.reason));
  log("merchant.payment_mismatch", fields);
  const { amount, currency } = result.total;
  return problem(
    c,
    refuse("payment_mismatch", { detail: `The order's total is ${amount} ${currency}` }),
  );
}
